//! What a value is called in the cache, for how long it is kept, and with which others it is forgotten.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Keys of one kind: they are counted together.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// The kind, as it begins its keys: `resources:list`.
    pub name: &'static str,
    /// How long a value is kept, give or take a tenth, so that what was stored together does not expire together.
    pub ttl: Duration,
}

impl Family {
    /// Keys that begin with `name` and are kept for `ttl`.
    pub const fn new(name: &'static str, ttl: Duration) -> Self {
        Self { name, ttl }
    }

    /// The key of this kind that ends with `rest`, for a value of type `T`.
    pub fn key<T>(&'static self, rest: impl fmt::Display) -> Key<T> {
        Key::named(self, format!("{}:{rest}", self.name))
    }

    /// The only key of this kind.
    pub fn only<T>(&'static self) -> Key<T> {
        Key::named(self, self.name.to_owned())
    }

    /// How long the next value is kept.
    pub(super) fn jittered_ttl(&self) -> Duration {
        self.ttl.mul_f64(0.9 + fastrand::f64() * 0.2)
    }
}

/// The key of a value of type `T`.
pub struct Key<T> {
    pub(super) family: &'static Family,
    pub(super) name: String,
    pub(super) group: Option<Group>,
    value: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    fn named(family: &'static Family, name: String) -> Self {
        Self { family, name, group: None, value: PhantomData }
    }

    /// The same key, forgotten with all others of `group`.
    pub fn in_group(self, group: Group) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The key as text, without the namespace.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<T> Clone for Key<T> {
    fn clone(&self) -> Self {
        Self { family: self.family, name: self.name.clone(), group: self.group.clone(), value: PhantomData }
    }
}

impl<T> fmt::Debug for Key<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.name).finish()
    }
}

/// Keys that are forgotten together, because which of them are affected by a change is not known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group(Cow<'static, str>);

impl Group {
    /// The group with this name.
    pub const fn named(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The group with a name that is made at run time.
    pub fn of(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// What no longer may be in the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outdated {
    /// The value with this key.
    Key(String),
    /// Every value of this group.
    Group(Group),
}

impl Outdated {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Key(key) => key,
            Self::Group(group) => group.name(),
        }
    }
}

impl<T> From<Key<T>> for Outdated {
    fn from(key: Key<T>) -> Self {
        Self::Key(key.name)
    }
}

impl From<Group> for Outdated {
    fn from(group: Group) -> Self {
        Self::Group(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LISTS: Family = Family::new("resources:list", Duration::from_secs(300));

    #[test]
    fn a_key_is_its_family_and_what_it_is_about() {
        assert_eq!(LISTS.key::<u8>("ab12").name(), "resources:list:ab12");
        assert_eq!(LISTS.only::<u8>().name(), "resources:list");
    }

    #[test]
    fn values_are_kept_for_their_time_give_or_take_a_tenth() {
        for _ in 0..1_000 {
            let ttl = LISTS.jittered_ttl().as_secs_f64();
            assert!((270.0..=330.0).contains(&ttl), "{ttl}");
        }
    }
}
