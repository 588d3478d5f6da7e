//! The route table: which operations there are, and their registration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::guard::GuardContext;
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Resource, Scope};

use super::answer::BASE;
use super::pipeline;
use super::problem::{Problem, kind};
use super::route::{Group, Route};
use super::state::HttpState;

/// Every operation.
#[derive(Clone)]
pub struct Table {
    /// The groups, in the order of the contract.
    pub groups: Arc<[RegisteredGroup]>,
}

/// A group whose routes are shared by the server's workers.
pub struct RegisteredGroup {
    /// Its name in the contract.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its operations.
    pub routes: Vec<Arc<Route>>,
}

impl Table {
    /// The table of these groups.
    pub fn of(groups: Vec<Group>) -> Self {
        let shared = groups.into_iter().map(|Group { name, about, routes }| RegisteredGroup {
            name,
            about,
            routes: routes.into_iter().map(Arc::new).collect(),
        });
        Self { groups: shared.collect() }
    }

    /// Every operation.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.groups.iter().flat_map(|group| &group.routes)
    }

    /// Registers every operation; a path answers 405 to other methods. Paths stand in scopes by their first segment: the
    /// router compares a scope's prefix as text, and tries patterns only within the scope that fits.
    pub fn register(&self, config: &mut ServiceConfig) {
        let mut scopes: BTreeMap<String, BTreeMap<String, Vec<&Arc<Route>>>> = BTreeMap::new();
        for route in self.routes() {
            let (first, rest) = after_first_segment(route.row.path);
            let mut enter = |prefix: String| {
                scopes.entry(prefix).or_default().entry(rest.to_owned()).or_default().push(route);
            };
            enter(format!("{BASE}{first}"));
            if route.row.also_at_root {
                enter(first.to_owned());
            }
        }
        for (prefix, paths) in scopes {
            // Sorted so that `/users/me` comes before `/users/{id}`: '{' is behind all letters.
            let all = paths.into_iter().map(|(path, routes)| resource(&path, &routes));
            config.service(all.fold(web::scope(&prefix), Scope::service));
        }
    }
}

/// `/users` and `/{id}/roles` of `/users/{id}/roles`.
fn after_first_segment(path: &str) -> (&str, &str) {
    let end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |slash| slash + 1);
    path.split_at(end)
}

fn resource(path: &str, routes: &[&Arc<Route>]) -> Resource {
    let mut resource = web::resource(path);
    for route in routes {
        let route = Arc::clone(route);
        resource = resource.route(web::route().guard(accepts(route.row.method.clone())).to(
            move |state: Data<HttpState>, request: HttpRequest, payload: Payload| {
                pipeline::answer(Arc::clone(&route), state, request, payload)
            },
        ));
    }
    let allowed = allowed(routes.iter().map(|route| &route.row.method));
    resource.default_service(web::to(move |request| method_not_allowed(request, allowed.clone())))
}

/// What can be read can also be asked for its head alone (RFC 9110, section 9.3.2).
pub fn accepts(method: Method) -> impl Fn(&GuardContext<'_>) -> bool {
    move |request| {
        let asked = &request.head().method;
        *asked == method || (method == Method::GET && *asked == Method::HEAD)
    }
}

/// The value of `Allow`.
pub fn allowed<'a>(methods: impl Iterator<Item = &'a Method>) -> String {
    let mut names: Vec<&str> = methods.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.sort_unstable();
    names.join(", ")
}

/// Refuses a method that the path does not know.
pub async fn method_not_allowed(request: HttpRequest, allowed: String) -> HttpResponse {
    let detail = format!("{} is not possible here; use {allowed}", request.method());
    let problem = Problem::new(&kind::METHOD_NOT_ALLOWED, detail).with_header(ALLOW, &allowed);
    problem.respond(pipeline::marks(&request).correlation_id)
}

/// Refuses a path that there is not.
pub async fn no_such_path(request: HttpRequest) -> HttpResponse {
    let problem = Problem::new(&kind::NO_SUCH_PATH, "there is no such path; GET /docs lists all of them");
    problem.respond(pipeline::marks(&request).correlation_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_its_first_segment_and_the_rest() {
        assert_eq!(after_first_segment("/users/{id}/roles"), ("/users", "/{id}/roles"));
        assert_eq!(after_first_segment("/users"), ("/users", ""));
    }
}
