//! One item, field by field.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::time::{ms_of_id, utc_ms};
use super::{AiInteraction, Attachment, Context, Link, Mention, Unkept};
use crate::json::{self, Any, Name, Reader, Text};

/// Reads one item that stands alone.
///
/// Where the item as a whole is refused, each of its fields is read by itself, and those that are
/// refused are as if missing.
pub(crate) fn read(text: &str) -> Result<AiInteraction<'_>, Unkept> {
    if let Ok(slot) = json::read(text, Slot) {
        return slot;
    }
    let repaired = json::repaired(text);
    let Ok(fields) = json::read(&repaired, Fields) else {
        return Err(Unkept::NotAnObject);
    };
    let mut draft = Draft::default();
    for (name, value) in fields {
        // An error leaves the field as it was.
        let _ = draft.take(&name, &mut OneValue(value));
    }
    draft.finish().map(AiInteraction::into_owned)
}

/// A place in `value`.
pub(super) struct Slot;

impl<'de> Reader<'de> for Slot {
    type Out = Result<AiInteraction<'de>, Unkept>;

    fn otherwise(self) -> Self::Out {
        Err(Unkept::NotAnObject)
    }

    fn null(self) -> Self::Out {
        Err(Unkept::Null)
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Self::Out, A::Error> {
        Ok(filled::<Draft<'de>, A>(object)?.finish())
    }
}

/// Something that is read field by field.
trait Object<'de>: Default {
    /// Takes the value that stands at `name`, or skips it.
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error>;
}

fn filled<'de, T: Object<'de>, A: MapAccess<'de>>(mut object: A) -> Result<T, A::Error> {
    let mut filled = T::default();
    while let Some(Name(name)) = object.next_key()? {
        filled.take(&name, &mut object)?;
    }
    Ok(filled)
}

/// An item while it is read.
#[derive(Default)]
struct Draft<'de> {
    item: AiInteraction<'de>,
    created_at_ms: Option<i64>,
}

impl<'de> Draft<'de> {
    fn finish(self) -> Result<AiInteraction<'de>, Unkept> {
        let mut item = self.item;
        if item.id.is_empty() {
            return Err(Unkept::NoId);
        }
        item.is_timed_by_id = self.created_at_ms.is_none();
        let created_at_ms = self.created_at_ms.or_else(|| ms_of_id(&item.id));
        item.created_at_ms = created_at_ms.ok_or(Unkept::NoTime)?;
        if item.etag.is_empty() {
            item.etag.clone_from(&item.id);
        }
        Ok(item)
    }
}

impl<'de> Object<'de> for Draft<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        let item = &mut self.item;
        match name {
            "id" => item.id = text(from)?.unwrap_or_default(),
            "etag" => item.etag = text(from)?.unwrap_or_default(),
            "sessionId" => item.session_id = text(from)?,
            "requestId" => item.request_id = text(from)?,
            "appClass" => item.app_class = text(from)?.unwrap_or_default(),
            "interactionType" => item.interaction_type = text(from)?.unwrap_or_default(),
            "conversationType" => item.conversation_type = text(from)?,
            "createdDateTime" => self.created_at_ms = from.next_value_seed(Any(Time))?,
            "locale" => item.locale = text(from)?,
            "contexts" => item.contexts = list(from)?,
            "attachments" => item.attachments = list(from)?,
            "links" => item.links = list(from)?,
            "mentions" => item.mentions = list(from)?,
            "from" => {
                let senders: Senders<'de> = object(from)?.unwrap_or_default();
                item.from_is_user = senders.user.is_some();
                let sender = senders.user.or(senders.application).or(senders.device);
                let sender = sender.unwrap_or_default();
                item.from_id = sender.id;
                item.from_name = sender.display_name;
            }
            "body" => {
                let body: Body<'de> = object(from)?.unwrap_or_default();
                item.content_type = body.content_type;
                item.content = body.content;
            }
            _ => skip(from)?,
        }
        Ok(())
    }
}

/// `from`, an identity set: one of the three, the others null.
#[derive(Default)]
struct Senders<'de> {
    user: Option<Identity<'de>>,
    application: Option<Identity<'de>>,
    device: Option<Identity<'de>>,
}

#[derive(Default)]
struct Identity<'de> {
    id: Option<Cow<'de, str>>,
    display_name: Option<Cow<'de, str>>,
}

#[derive(Default)]
struct Body<'de> {
    content_type: Option<Cow<'de, str>>,
    content: Cow<'de, str>,
}

impl<'de> Object<'de> for Senders<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        let place = match name {
            "user" => &mut self.user,
            "application" => &mut self.application,
            "device" => &mut self.device,
            _ => return skip(from),
        };
        // An identity without an id says nothing against another one beside it.
        *place =
            object(from)?.filter(|it: &Identity<'de>| it.id.is_some() || it.display_name.is_some());
        Ok(())
    }
}

impl<'de> Object<'de> for Identity<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id = text(from)?,
            "displayName" => self.display_name = text(from)?,
            _ => skip(from)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for Body<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "contentType" => self.content_type = text(from)?,
            "content" => self.content = text(from)?.unwrap_or_default(),
            _ => skip(from)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for Context<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "contextReference" => self.reference = text(from)?,
            "displayName" => self.display_name = text(from)?,
            "contextType" => self.context_type = text(from)?,
            _ => skip(from)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for Attachment<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "attachmentId" => self.attachment_id = text(from)?,
            "contentType" => self.content_type = text(from)?,
            "contentUrl" => self.content_url = text(from)?,
            "content" => self.content = text(from)?,
            "name" => self.name = text(from)?,
            _ => skip(from)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for Link<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "linkUrl" => self.url = text(from)?,
            "displayName" => self.display_name = text(from)?,
            "linkType" => self.link_type = text(from)?,
            _ => skip(from)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for Mention<'de> {
    fn take<A: MapAccess<'de>>(&mut self, name: &str, from: &mut A) -> Result<(), A::Error> {
        match name {
            "mentionId" => self.mention_id = text(from)?,
            "mentionText" => self.text = text(from)?,
            "mentioned" => {
                let raw = from.next_value::<&RawValue>()?.get();
                self.mentioned = (raw != "null").then(|| json::compact(raw).into());
            }
            _ => skip(from)?,
        }
        Ok(())
    }
}

fn text<'de, A: MapAccess<'de>>(from: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    from.next_value_seed(Any(Text))
}

fn skip<'de, A: MapAccess<'de>>(from: &mut A) -> Result<(), A::Error> {
    from.next_value::<IgnoredAny>().map(drop)
}

fn object<'de, T: Object<'de>, A: MapAccess<'de>>(from: &mut A) -> Result<Option<T>, A::Error> {
    from.next_value_seed(Any(One::<T>::new()))
}

fn list<'de, T: Object<'de>, A: MapAccess<'de>>(from: &mut A) -> Result<Vec<T>, A::Error> {
    from.next_value_seed(Any(Many::<T>::new()))
}

/// One object; None for anything else.
struct One<T>(PhantomData<T>);

impl<T> One<T> {
    fn new() -> Self {
        One(PhantomData)
    }
}

impl<'de, T: Object<'de>> Reader<'de> for One<T> {
    type Out = Option<T>;

    fn otherwise(self) -> Option<T> {
        None
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Option<T>, A::Error> {
        filled(object).map(Some)
    }
}

/// The objects of a list; empty for anything else.
struct Many<T>(PhantomData<T>);

impl<T> Many<T> {
    fn new() -> Self {
        Many(PhantomData)
    }
}

impl<'de, T: Object<'de>> Reader<'de> for Many<T> {
    type Out = Vec<T>;

    fn otherwise(self) -> Vec<T> {
        Vec::new()
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut objects = Vec::new();
        while let Some(element) = list.next_element_seed(Any(One::new()))? {
            objects.extend(element);
        }
        Ok(objects)
    }
}

/// A time as UTC milliseconds; None for anything else.
struct Time;

impl Reader<'_> for Time {
    type Out = Option<i64>;

    fn otherwise(self) -> Option<i64> {
        None
    }

    fn text(self, text: &str) -> Option<i64> {
        utc_ms(text)
    }
}

/// The fields of an object, their values still unread; none for anything else.
struct Fields;

impl<'de> Reader<'de> for Fields {
    type Out = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn otherwise(self) -> Self::Out {
        Vec::new()
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Out, A::Error> {
        let mut fields = Vec::new();
        while let Some((Name(name), value)) = object.next_entry()? {
            fields.push((name, value));
        }
        Ok(fields)
    }
}

/// A value read on its own, in the guise of the object that it was taken from.
struct OneValue<'de>(&'de RawValue);

impl<'de> MapAccess<'de> for OneValue<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        _: K,
    ) -> Result<Option<K::Value>, Self::Error> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Self::Error> {
        seed.deserialize(&mut serde_json::Deserializer::from_str(self.0.get()))
    }
}
