//! One operation on the page.

use serde_json::Value;

use super::example::example;
use super::markup::{escape, prose, type_of};
use crate::http::answer::BASE;

/// An operation with everything that is needed to use it.
pub fn entry(openapi: &Value, path: &str, method: &str, operation: &Value) -> String {
    let text = |key: &str| operation[key].as_str().unwrap_or_default();
    let upper = method.to_uppercase();
    format!(
        "<details id=\"op-{id}\" data-entry=\"{upper} {path} {summary}\">\
         <summary><span class=\"method {method}\">{upper}</span> <code>{path}</code> {summary}</summary>\
         <div><p>{access}</p>{parameters}{body}{answers}<h3>Example</h3><pre>{curl}</pre></div></details>\n",
        id = escape(text("operationId")),
        path = escape(path),
        summary = prose(text("summary")),
        access = access(operation),
        parameters = parameters(operation),
        body = body(operation),
        answers = answers(operation),
        curl = escape(&curl(openapi, path, &upper, operation)),
    )
}

fn access(operation: &Value) -> String {
    match operation["x-permission"].as_str() {
        Some(permission) => format!("Needs an access token with the permission <code>{}</code>.", escape(permission)),
        None if operation["security"].as_array().is_some_and(Vec::is_empty) => "Open to everybody.".to_owned(),
        None => "Needs an access token.".to_owned(),
    }
}

fn parameters(operation: &Value) -> String {
    let rows: String = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| {
            let text = |key: &str| parameter[key].as_str().unwrap_or_default();
            let need = if parameter["required"] == true { "" } else { ", may be absent" };
            format!(
                "<dt><code>{}</code> <span class=\"quiet\">in the {}, {}{need}</span></dt><dd>{}</dd>",
                escape(text("name")),
                escape(text("in")),
                type_of(&parameter["schema"]),
                prose(text("description")),
            )
        })
        .collect();
    if rows.is_empty() { rows } else { format!("<h3>Parameters</h3><dl>{rows}</dl>") }
}

fn content(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of["content"].as_object().into_iter().flatten().map(|(media_type, content)| (media_type, &content["schema"]))
}

fn body(operation: &Value) -> String {
    let rows: String = content(&operation["requestBody"])
        .map(|(media_type, schema)| format!("<p>{} as <code>{}</code></p>", type_of(schema), escape(media_type)))
        .collect();
    if rows.is_empty() { rows } else { format!("<h3>Body</h3>{rows}") }
}

fn answers(operation: &Value) -> String {
    let rows: String = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(status, answer)| {
            let schemas: Vec<_> = content(answer).map(|(_, schema)| type_of(schema)).collect();
            let codes = answer["x-codes"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let codes: Vec<_> = codes
                .map(|code| format!("<a href=\"#problem-{code}\"><code>{code}</code></a>", code = escape(code)))
                .collect();
            let what = if codes.is_empty() { schemas } else { codes };
            let what = if what.is_empty() { "no content".to_owned() } else { what.join(", ") };
            format!("<dt><code>{}</code></dt><dd>{what}</dd>", escape(status))
        })
        .collect();
    format!("<h3>Answers</h3><dl>{rows}</dl>")
}

/// The operation as a command line.
fn curl(openapi: &Value, path: &str, method: &str, operation: &Value) -> String {
    let mut lines = vec![format!("curl -X {method} \"$BOOKLY{BASE}{}\"", path.replace('{', "$").replace('}', ""))];
    if operation["security"].as_array().is_some_and(|needed| !needed.is_empty()) {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    if let Some((media_type, schema)) = content(&operation["requestBody"]).next() {
        lines.push(format!("-H 'Content-Type: {media_type}'"));
        lines.push(match media_type.as_str() {
            "application/json" => format!("-d '{}'", example(openapi, schema)),
            _ => "--data-binary @FILE".to_owned(),
        });
    }
    lines.join(" \\\n  ")
}
