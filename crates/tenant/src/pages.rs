//! `getAllEnterpriseInteractions`: one page of a user's history, newest first.

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::answer::{Asked, GraphError};
use crate::draw::{hash, hash_text};
use crate::faults::Fault;
use crate::filter::{Filter, Strictness};
use crate::json::quoted;
use crate::paging;
use crate::population::item::Item;
use crate::population::people::Access;
use crate::population::write::{ItemWriter, Oddity, app_class};
use crate::tenant::Tenant;

const TOP_DEFAULT: usize = 10;
const TOP_MOST: usize = 100;

/// What stands in a page: an item, and what a fault puts beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Junk {
    pub(crate) null: bool,
    pub(crate) no_time: bool,
    pub(crate) no_id: bool,
}

impl Junk {
    pub(crate) fn count(self) -> usize {
        usize::from(self.null) + usize::from(self.no_time) + usize::from(self.no_id)
    }
}

impl Tenant {
    /// Answers a request for a page of a user's history.
    pub(crate) fn history_page(
        &self,
        id: &str,
        path: &str,
        query: Option<&str>,
        asked: &Asked,
    ) -> Result<Response<Bytes>, GraphError> {
        let user = self
            .people
            .find(id)
            .ok_or_else(|| GraphError::no_such_resource(id))?;
        self.check_access(user, id)?;
        let parameters = paging::parameters(query);
        let top =
            paging::top(&parameters, TOP_DEFAULT, TOP_MOST).map_err(GraphError::bad_request)?;
        let filter = match paging::parameter(&parameters, "filter") {
            Some(_) if self.user_has(Fault::FilterRefused, user) => {
                self.counters.fault(Fault::FilterRefused);
                return Err(GraphError::bad_request(
                    "Filtering is not supported for this resource.",
                ));
            }
            Some(text) => {
                Some(Filter::parse(text, self.strictness()).map_err(GraphError::bad_request)?)
            }
            None => None,
        };
        let purpose = hash(&[
            u64::from(user),
            hash_text(0, paging::parameter(&parameters, "filter").unwrap_or("")),
        ]);
        let cursor = match paging::parameter(&parameters, "skiptoken") {
            Some(token) => {
                let opened = paging::open(self.options.seed, purpose, token);
                Some(opened.ok_or_else(|| GraphError::bad_request("Badly formed token."))?)
            }
            None => None,
        };
        let items = self.history_of(user, asked.now_ms);
        let mut body = Vec::with_capacity(top * 2_000 + 500);
        body.extend_from_slice(b"{\"@odata.context\":");
        quoted(
            &mut body,
            &format!(
                "{}/v1.0/$metadata#Collection(microsoft.graph.aiInteraction)",
                asked.base
            ),
        );
        body.extend_from_slice(b",\"value\":[");
        let last = self.write_page(
            &mut body,
            user,
            &items,
            filter.as_ref(),
            cursor,
            top,
            asked.now_ms,
        );
        body.push(b']');
        if let Some((at_ms, salt)) = last {
            let foreign = self.user_has(Fault::ForeignNextLink, user);
            if foreign {
                self.counters.fault(Fault::ForeignNextLink);
            }
            let base = if foreign {
                &self.options.foreign_base
            } else {
                &asked.base
            };
            let token = paging::seal(self.options.seed, purpose, at_ms, salt);
            body.extend_from_slice(b",\"@odata.nextLink\":");
            quoted(
                &mut body,
                &paging::next_link(base, path, &parameters, &token),
            );
        }
        body.push(b'}');
        Ok(asked.json(body))
    }

    fn strictness(&self) -> Strictness {
        Strictness {
            refuse_fractions: self.options.refuse_fractions,
            any_app: self.options.filter_any_app,
        }
    }

    fn check_access(&self, user: u32, id: &str) -> Result<(), GraphError> {
        let forbidden =
            |message: &str| Err(GraphError::new(StatusCode::FORBIDDEN, "Forbidden", message));
        match self.access_on_request(user) {
            Access::Readable => Ok(()),
            // What the service says to people whose plan is off, and all that it says.
            Access::PlanDisabled => forbidden("UnknownError"),
            Access::Unlicensed | Access::LicenseRemoved => forbidden(
                "User does not have valid license to access this resource: Microsoft 365 Copilot.",
            ),
            Access::Guest | Access::Deleted => Err(GraphError::no_such_resource(id)),
        }
    }

    /// Writes the items after the cursor until the page is full. Gives the order of its last item if more follow.
    #[expect(
        clippy::too_many_arguments,
        reason = "a page is just that: whose, what, from where, how much, when"
    )]
    fn write_page(
        &self,
        body: &mut Vec<u8>,
        user: u32,
        items: &[Item],
        filter: Option<&Filter>,
        cursor: Option<(i64, u64)>,
        top: usize,
        now_ms: i64,
    ) -> Option<(i64, u64)> {
        let user_id = self.people.id(user);
        let mut writer = ItemWriter::new(&self.options.tenant_id, &user_id);
        let window = filter.map_or((i64::MIN, i64::MAX), Filter::window);
        let end_ms = window.1.min(now_ms.saturating_add(1));
        let newest = items.partition_point(|item| item.created_ms < end_ms);
        let begin = match cursor {
            Some(order) => newest.min(items.partition_point(|item| item.order() < order)),
            None => newest,
        };
        let mut count = 0;
        let mut entry = |body: &mut Vec<u8>| {
            if count > 0 {
                body.push(b',');
            }
            count += 1;
            count
        };
        let mut entries = 0;
        if let Some(order) = cursor
            && let Some(item) = items.get(begin).filter(|item| item.order() == order)
            && self.options.faults.strikes(
                Fault::RepeatedItem,
                self.options.seed,
                hash(&[u64::from(user), item.salt]),
            )
        {
            self.counters.fault(Fault::RepeatedItem);
            entries = entry(body);
            writer.write(body, item, now_ms, self.oddity(user, item));
        }
        let mut last = None;
        let mut served = 0;
        for item in items[..begin].iter().rev() {
            if item.created_ms <= window.0 {
                break;
            }
            if item.visible_ms > now_ms
                || filter.is_some_and(|filter| !filter.passes(item.created_ms, &app_class(item)))
            {
                continue;
            }
            let junk = self.junk(user, item);
            if entries > 0 && entries + 1 + junk.count() > top {
                self.counters.items(served);
                return last;
            }
            entries = entry(body);
            let oddity = self.oddity(user, item);
            writer.write(body, item, now_ms, oddity);
            served += 1;
            if junk.count() > 0 {
                entries = self.write_junk(body, &mut writer, item, junk, now_ms, &mut entry);
            }
            last = Some(item.order());
        }
        self.counters.items(served);
        None
    }

    fn write_junk(
        &self,
        body: &mut Vec<u8>,
        writer: &mut ItemWriter<'_>,
        item: &Item,
        junk: Junk,
        now_ms: i64,
        entry: &mut impl FnMut(&mut Vec<u8>) -> usize,
    ) -> usize {
        let mut entries = 0;
        if junk.null {
            self.counters.fault(Fault::NullItem);
            entries = entry(body);
            body.extend_from_slice(b"null");
        }
        // Ids of their own: nobody may take them for the item beside them, nor, years before there was Copilot, for a
        // time.
        let other = Item {
            id_ms: item.id_ms - 500_000_000_000,
            salt: crate::draw::mix(item.salt),
            ..*item
        };
        if junk.no_time {
            self.counters.fault(Fault::NoTime);
            entries = entry(body);
            writer.write(
                body,
                &other,
                now_ms,
                Oddity {
                    no_time: true,
                    ..Oddity::default()
                },
            );
        }
        if junk.no_id {
            self.counters.fault(Fault::NoId);
            entries = entry(body);
            writer.write(
                body,
                &other,
                now_ms,
                Oddity {
                    no_id: true,
                    ..Oddity::default()
                },
            );
        }
        entries
    }

    /// What a fault puts beside an item, always the same.
    pub(crate) fn junk(&self, user: u32, item: &Item) -> Junk {
        let thing = hash(&[u64::from(user), item.salt]);
        let strikes = |fault| self.options.faults.strikes(fault, self.options.seed, thing);
        Junk {
            null: strikes(Fault::NullItem),
            no_time: strikes(Fault::NoTime),
            no_id: strikes(Fault::NoId),
        }
    }

    pub(crate) fn oddity(&self, user: u32, item: &Item) -> Oddity {
        let thing = hash(&[u64::from(user), item.salt]);
        let strikes = |fault| self.options.faults.strikes(fault, self.options.seed, thing);
        Oddity {
            unknown_kind: strikes(Fault::UnknownKind),
            odd_fields: strikes(Fault::OddFields),
            no_time: strikes(Fault::TimeInId),
            ..Oddity::default()
        }
    }
}
