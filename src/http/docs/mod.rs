//! The contract as a page for people: one file without anything from elsewhere, made from the OpenAPI document.

mod example;
mod markup;
mod operation;

use serde_json::Value;

use super::documents::NONCE;
use super::problem::kind;
use markup::{escape, prose};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page of an OpenAPI document. [`NONCE`] stands where each answer has its nonce.
pub fn page(openapi: &Value) -> String {
    let groups: Vec<&Value> = openapi["tags"].as_array().into_iter().flatten().collect();
    let links: String =
        groups.iter().map(|group| link(text(&group["name"]))).chain(["Schemas", "Problems"].map(link)).collect();
    let sections: String = groups.iter().map(|group| section_of(openapi, group)).collect();
    let info = &openapi["info"];
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bookly API</title>
<style nonce="{NONCE}">{STYLE}</style>
</head>
<body>
<header>
<h1>Bookly API <small class="quiet">{version}</small></h1>
<p>{description}</p>
<p>For programs: <a href="/api/v1/openapi.json">OpenAPI 3.1</a>, and for events <a href="/api/v1/asyncapi.yml">AsyncAPI</a>.</p>
<nav>{links}</nav>
<label for="filter">Show what holds these words</label>
<input id="filter" type="search" autocomplete="off" placeholder="resources status">
</header>
<main>
{sections}
{schemas}
{problems}
</main>
<script nonce="{NONCE}">{SCRIPT}</script>
</body>
</html>
"#,
        version = escape(text(&info["version"])),
        description = prose(text(&info["description"])),
        schemas = schemas(openapi),
        problems = problems(),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn link(name: &str) -> String {
    format!("<a href=\"#{name}\">{name}</a> ", name = escape(name))
}

fn section(name: &str, about: &str, content: &str) -> String {
    let (name, about) = (escape(name), prose(about));
    format!("<section id=\"{name}\"><h2>{name}</h2><p class=\"quiet\">{about}</p>\n{content}</section>\n")
}

fn section_of(openapi: &Value, group: &Value) -> String {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
    });
    let content: String = operations
        .filter(|(_, _, operation)| operation["tags"][0] == group["name"])
        .map(|(path, method, operation)| operation::entry(openapi, path, method, operation))
        .collect();
    section(text(&group["name"]), text(&group["description"]), &content)
}

fn schemas(openapi: &Value) -> String {
    let all = openapi["components"]["schemas"].as_object().into_iter().flatten();
    let content: String = all
        .map(|(name, schema)| {
            let (name, about) = (escape(name), prose(text(&schema["description"])));
            let fields = markup::fields(schema);
            format!(
                "<details id=\"schema-{name}\" data-entry=\"{name}\"><summary><code>{name}</code></summary><div><p>{about}</p>{fields}</div></details>\n"
            )
        })
        .collect();
    section("Schemas", "What bodies and answers are made of.", &content)
}

fn problems() -> String {
    let content: String = kind::ALL
        .iter()
        .map(|kind| {
            format!(
                "<details open id=\"problem-{code}\" data-entry=\"{code} {title}\"><summary><code>{status} {code}</code> {title}</summary></details>\n",
                code = escape(kind.code),
                status = kind.status,
                title = escape(kind.title),
            )
        })
        .collect();
    section(
        "Problems",
        "How requests are refused: `application/problem+json` (RFC 9457) with one of these codes.",
        &content,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::openapi;
    use crate::http::table;

    #[test]
    fn every_operation_schema_and_problem_is_on_the_page() {
        let openapi = openapi(&table());
        let page = page(&openapi);
        for route in table().routes() {
            assert!(page.contains(&format!("id=\"op-{}\"", route.row.id)), "{}", route.row.id);
        }
        for name in openapi["components"]["schemas"].as_object().expect("schemas").keys() {
            assert!(page.contains(&format!("id=\"schema-{name}\"")), "{name}");
        }
        assert!(kind::ALL.iter().all(|kind| page.contains(&format!("id=\"problem-{}\"", kind.code))));
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = page(&openapi(&table()));
        for foreign in ["src=", "<link", "@import", "url(", "style=\"", "onclick"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert_eq!(page.matches(NONCE).count(), 2);
    }

    #[test]
    fn every_link_within_the_page_leads_somewhere() {
        let page = page(&openapi(&table()));
        for (at, start) in page.match_indices("href=\"#") {
            let target = page[at + start.len()..].split('"').next().unwrap_or_default();
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }
}
