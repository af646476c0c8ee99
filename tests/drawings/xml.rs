//! A strict reader of the XML that drawings are written in: what is not well-formed is a failure that says where.

use std::collections::BTreeMap;

/// An element with all that is inside.
#[derive(Debug, Default)]
pub struct Element {
    /// Its name, with its prefix.
    pub name: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, String>,
    /// The elements inside, in order.
    pub children: Vec<Element>,
    /// The text directly inside.
    pub text: String,
}

impl Element {
    /// An attribute; empty when it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    /// An attribute that is a number.
    pub fn number(&self, name: &str) -> f64 {
        self.get(name).parse().unwrap_or_else(|_| panic!("`{name}` of `{}` is no number: {self:?}", self.name))
    }

    /// Whether one of its classes is this one.
    pub fn has_class(&self, class: &str) -> bool {
        self.get("class").split(' ').any(|own| own == class)
    }

    /// The elements of a name directly inside.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// This element and everything inside, in order.
    pub fn walk(&self) -> Vec<&Element> {
        let inside = self.children.iter().flat_map(Element::walk);
        std::iter::once(self).chain(inside).collect()
    }
}

/// Reads a whole document.
pub fn read(text: &str) -> Element {
    let mut open: Vec<Element> = vec![Element::default()];
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, markup) = rest.split_at(start);
        let last = open.last_mut().expect("the document itself is never closed");
        last.text.push_str(&unescape(before));
        let end = markup.find('>').unwrap_or_else(|| panic!("a tag without end: {markup:.80}"));
        let tag = &markup[1..end];
        rest = &markup[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let closed = open.pop().expect("the document itself is never closed");
            assert_eq!(closed.name, name, "closed in the wrong order before {rest:.80}");
            open.last_mut().expect("what is closed lies in something").children.push(closed);
        } else if !tag.starts_with('?') {
            let element = element(tag.trim_end_matches('/'));
            match tag.ends_with('/') {
                true => open.last_mut().expect("the document itself is open").children.push(element),
                false => open.push(element),
            }
        }
    }
    assert_eq!(open.len(), 1, "not closed: {:?}", open.last().map(|last| &last.name));
    let mut document = open.remove(0);
    assert!(document.children.len() == 1 && document.text.trim().is_empty() && rest.trim().is_empty());
    document.children.remove(0)
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let is_name = |name: &str| !name.is_empty() && !name.contains(['<', '&', '"', '\'', '=']);
    assert!(is_name(name), "no name: {tag:.80}");
    let mut attributes = BTreeMap::new();
    while let Some((key, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("a value without end: {tag:.80}"));
        assert!(is_name(key.trim()) && !value.contains('<'), "{tag:.80}");
        let twice = attributes.insert(key.trim().to_owned(), unescape(value));
        assert!(twice.is_none(), "`{key}` twice: {tag:.80}");
        rest = after;
    }
    assert!(rest.trim().is_empty(), "more than attributes: {tag:.80}");
    Element { name: name.to_owned(), attributes, ..Element::default() }
}

fn unescape(text: &str) -> String {
    let mut parts = text.split('&');
    let mut read = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').unwrap_or_else(|| panic!("an open `&`: {text:.80}"));
        read.push_str(match entity {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            other => panic!("XML knows no `&{other};`"),
        });
        read.push_str(after);
    }
    read
}
