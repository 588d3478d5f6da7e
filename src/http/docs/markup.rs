//! Texts and schemas as HTML.

use serde_json::Value;

/// A text that says what it says and nothing to the browser.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A description: escaped, with `code` between backticks.
pub fn prose(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) })
        .collect()
}

/// The fields of an object, or the words of a choice.
pub fn fields(schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else {
        return format!("<p>{}</p>", type_of(schema));
    };
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let rows: String = properties
        .iter()
        .map(|(name, field)| {
            let need = if required(name) { "" } else { ", may be absent" };
            let about = prose(field["description"].as_str().unwrap_or_default());
            format!(
                "<dt><code>{}</code> <span class=\"quiet\">{}{need}</span></dt><dd>{about}</dd>",
                escape(name),
                type_of(field)
            )
        })
        .collect();
    format!("<dl>{rows}</dl>")
}

/// What a schema allows, in few words.
pub fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#schema-{name}\">{name}</a>", name = escape(name));
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(choices) = schema[key].as_array() {
            return choices.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(constant) = schema.get("const") {
        return format!("<code>{}</code>", escape(&constant.to_string()));
    }
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .map(|word| format!("<code>{}</code>", escape(&word.to_string())))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    let name = match &schema["type"] {
        Value::String(one) if one == "array" => format!("list of {}", type_of(&schema["items"])),
        Value::String(one) => escape(one),
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(escape).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    match schema["format"].as_str() {
        Some(format) => format!("{name} ({})", escape(format)),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(escape("<b a=\"c\">&"), "&lt;b a=&quot;c&quot;&gt;&amp;");
        assert_eq!(prose("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
    }

    #[test]
    fn types_are_told_in_few_words() {
        assert_eq!(
            type_of(&json!({"type": "array", "items": {"type": "string", "format": "uuid"}})),
            "list of string (uuid)"
        );
        assert_eq!(
            type_of(&json!({"anyOf": [{"$ref": "#/a/B"}, {"type": "null"}]})),
            "<a href=\"#schema-B\">B</a> or null"
        );
    }
}
