//! The contract as documents: OpenAPI and AsyncAPI for programs, a page for people.

use actix_web::http::Method;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actors::clock::Ids;

use super::answer::BASE;
use super::docs;
use super::openapi::openapi;
use super::pipeline;
use super::problem::{Problem, kind};
use super::table::{Table, accepts, allowed, method_not_allowed};

/// Stands in the page where its script's and style's nonce belongs.
pub const NONCE: &str = "{{nonce}}";

/// The documents, written once.
pub struct Documents {
    openapi: Bytes,
    asyncapi: Bytes,
    page: String,
}

impl Documents {
    /// The documents of a table.
    pub fn of(table: &Table) -> Self {
        let openapi = openapi(table);
        let page = docs::page(&openapi);
        Self { openapi: openapi.to_string().into(), asyncapi: amqp::contract::asyncapi().into(), page }
    }
}

/// Registers the documents.
pub fn register(config: &mut ServiceConfig) {
    let paths = [
        format!("{BASE}/openapi.json"),
        format!("{BASE}/asyncapi.yml"),
        "/docs".into(),
        "/".into(),
        "/problems/{code}".into(),
    ];
    let [openapi, asyncapi, docs, root, problems] = paths.map(|path| {
        let allowed = allowed([Method::GET].iter());
        web::resource(path).default_service(web::to(move |request| method_not_allowed(request, allowed.clone())))
    });
    let read = || web::route().guard(accepts(Method::GET));
    config
        .service(openapi.route(read().to(show_openapi)))
        .service(asyncapi.route(read().to(show_asyncapi)))
        .service(docs.route(read().to(show_page)))
        .service(root.route(read().to(go_to_page)))
        .service(problems.route(read().to(explain)));
}

async fn show_openapi(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(documents.openapi.clone())
}

async fn show_asyncapi(documents: Data<Documents>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/yaml").body(documents.asyncapi.clone())
}

/// The page with a nonce of its own, so that no other script or style in it would run.
async fn show_page(documents: Data<Documents>) -> HttpResponse {
    let nonce = format!("{}{}", Ids.next().simple(), Ids.next().simple());
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .content_type("text/html; charset=utf-8")
        .body(documents.page.replace(NONCE, &nonce))
}

async fn go_to_page() -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, "/docs")).finish()
}

/// Leads from a problem's `type` to where it is explained.
async fn explain(request: HttpRequest) -> HttpResponse {
    let code = request.match_info().get("code").unwrap_or_default();
    match kind::ALL.iter().find(|kind| kind.code == code) {
        Some(kind) => HttpResponse::Found().insert_header((LOCATION, format!("/docs#problem-{}", kind.code))).finish(),
        None => Problem::no_such("kind of problem").respond(pipeline::marks(&request).correlation_id),
    }
}
