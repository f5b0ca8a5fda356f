//! The envelope around the items.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::item::{self, Slot};
use super::{AiInteraction, NotAPage, Page, Unkept};
use crate::json::{self, Any, Name, Reader};

/// Items that a full page has.
const ITEMS_OF_A_PAGE: usize = 100;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Reads a page.
pub(super) fn read(bytes: &[u8]) -> Result<Page<'_>, NotAPage> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    match json::read_bytes(bytes, Root::<Items<'_>>(PhantomData)) {
        Ok(root) => root.into_page(|items| items.0),
        // Nothing is wrong with what is there, and no repair brings back what is not.
        Err(cut_off) if cut_off.is_eof() => Err(cut_off.into()),
        Err(_) => read_item_by_item(&json::repaired(&String::from_utf8_lossy(bytes))),
    }
}

fn read_item_by_item(text: &str) -> Result<Page<'static>, NotAPage> {
    let root = json::read(text, Root::<RawItems<'_>>(PhantomData))?;
    root.into_page(|items| {
        Some(Kept::of(items.0?.into_iter().map(|raw| {
            item::read(raw.get()).map(AiInteraction::into_owned)
        })))
    })
}

/// What is kept of a page's items, and what is not.
#[derive(Default)]
struct Kept<'de> {
    items: Vec<AiInteraction<'de>>,
    unkept: Vec<Unkept>,
}

impl<'de> Kept<'de> {
    fn of(slots: impl Iterator<Item = Result<AiInteraction<'de>, Unkept>>) -> Self {
        let mut kept = Kept::default();
        slots.for_each(|slot| kept.push(slot));
        kept
    }

    fn push(&mut self, slot: Result<AiInteraction<'de>, Unkept>) {
        match slot {
            Ok(item) => self.items.push(item),
            Err(why) => self.unkept.push(why),
        }
    }
}

/// The page's outermost object; `V` is what `value` is read as.
struct Root<V>(PhantomData<V>);

struct RootFields<V> {
    value: Option<V>,
    next_link: Option<String>,
}

impl<V> RootFields<V> {
    fn into_page<'a>(self, kept: impl Fn(V) -> Option<Kept<'a>>) -> Result<Page<'a>, NotAPage> {
        let Kept { items, unkept } = self.value.and_then(kept).ok_or(NotAPage::NoValue)?;
        Ok(Page {
            items,
            unkept,
            next_link: self.next_link,
        })
    }
}

impl<'de, V: Deserialize<'de>> Reader<'de> for Root<V> {
    type Out = RootFields<V>;

    fn otherwise(self) -> RootFields<V> {
        RootFields {
            value: None,
            next_link: None,
        }
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<RootFields<V>, A::Error> {
        let mut root = self.otherwise();
        while let Some(Name(name)) = object.next_key()? {
            match &*name {
                "value" => root.value = Some(object.next_value()?),
                // Not tolerant: a link that can't be followed, passed over, would make the first
                // page look like the whole history.
                "@odata.nextLink" => {
                    let link: Option<String> = object.next_value()?;
                    root.next_link = link.filter(|link| !link.is_empty());
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(root)
    }
}

/// `value`, read in the same pass; None if it is not an array.
struct Items<'de>(Option<Kept<'de>>);

/// `value`, its items still unread; None if it is not an array.
struct RawItems<'de>(Option<Vec<&'de RawValue>>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Reader<'de> for List {
            type Out = Items<'de>;

            fn otherwise(self) -> Items<'de> {
                Items(None)
            }

            fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
                let mut kept = Kept {
                    items: Vec::with_capacity(ITEMS_OF_A_PAGE),
                    unkept: Vec::new(),
                };
                while let Some(slot) = list.next_element_seed(Any(Slot))? {
                    kept.push(slot);
                }
                Ok(Items(Some(kept)))
            }
        }

        input.deserialize_any(Any(List))
    }
}

impl<'de> Deserialize<'de> for RawItems<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Reader<'de> for List {
            type Out = RawItems<'de>;

            fn otherwise(self) -> RawItems<'de> {
                RawItems(None)
            }

            fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawItems<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(raw) = list.next_element()? {
                    items.push(raw);
                }
                Ok(RawItems(Some(items)))
            }
        }

        input.deserialize_any(Any(List))
    }
}
