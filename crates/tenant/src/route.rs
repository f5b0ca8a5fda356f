//! Which question a request asks.

use crate::reports::question::{Called, Kind};

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Token {
        tenant: String,
    },
    Users,
    UsersDelta,
    User {
        id: String,
    },
    Manager {
        id: String,
    },
    Groups,
    Group {
        id: String,
    },
    Members {
        id: String,
        reach: Reach,
        users_only: bool,
    },
    SubscribedSkus,
    Organization,
    History {
        id: String,
    },
    Report(Called),
    ReportDownload,
    ReportSettings,
    Batch,
    Unknown {
        segment: String,
    },
}

/// Whose members a group's members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Its own.
    Direct,
    /// Those of the groups in it too.
    Transitive,
}

impl Route {
    /// Reads a path. Graph's segments are case-insensitive, ids too.
    pub(crate) fn of(path: &str) -> Self {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect();
        let lower: Vec<String> = segments
            .iter()
            .map(|segment| segment.to_lowercase())
            .collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        if let [_, "oauth2", "v2.0", "token"] = lower[..] {
            return Self::Token {
                tenant: segments[0].clone(),
            };
        }
        let id = |place: usize| segments[place].clone();
        match lower[..] {
            ["v1.0" | "beta", "users"] => Self::Users,
            [
                "v1.0" | "beta",
                "users",
                "delta" | "delta()" | "microsoft.graph.delta" | "microsoft.graph.delta()",
            ] => Self::UsersDelta,
            ["v1.0" | "beta", "users", _] => Self::User { id: id(2) },
            ["v1.0" | "beta", "users", _, "manager"] => Self::Manager { id: id(2) },
            ["v1.0" | "beta", "groups"] => Self::Groups,
            ["v1.0" | "beta", "groups", _] => Self::Group { id: id(2) },
            [
                "v1.0" | "beta",
                "groups",
                _,
                reach @ ("members" | "transitivemembers"),
                ref cast @ ..,
            ] if matches!(cast, [] | ["microsoft.graph.user"]) => Self::Members {
                id: id(2),
                reach: if reach == "members" {
                    Reach::Direct
                } else {
                    Reach::Transitive
                },
                users_only: !cast.is_empty(),
            },
            ["v1.0" | "beta", "subscribedskus"] => Self::SubscribedSkus,
            ["v1.0" | "beta", "organization"] => Self::Organization,
            ["v1.0" | "beta", "$batch"] => Self::Batch,
            [
                "v1.0" | "beta",
                "copilot",
                "users",
                _,
                "interactionhistory",
                "getallenterpriseinteractions" | "getallenterpriseinteractions()",
            ] => Self::History { id: id(3) },
            [version @ ("v1.0" | "beta"), "copilot", "reports", function] => {
                match Called::of(version == "beta", function) {
                    Some(called) => Self::Report(called),
                    None => Self::Unknown { segment: id(3) },
                }
            }
            ["v1.0" | "beta", "admin", "reportsettings"] => Self::ReportSettings,
            ["data", "v1.0", "download"] => Self::ReportDownload,
            _ => Self::Unknown {
                segment: segments
                    .get(1)
                    .or(segments.first())
                    .cloned()
                    .unwrap_or_default(),
            },
        }
    }

    /// The name under which requests are counted.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Users => "users",
            Self::UsersDelta => "users_delta",
            Self::User { .. } => "user",
            Self::Manager { .. } => "manager",
            Self::Groups => "groups",
            Self::Group { .. } => "group",
            Self::Members { .. } => "group_members",
            Self::SubscribedSkus => "subscribed_skus",
            Self::Organization => "organization",
            Self::History { .. } => "history",
            Self::Report(called) => match called.kind {
                Kind::UserDetail => "user_detail",
                Kind::CountSummary => "user_count_summary",
                Kind::CountTrend => "user_count_trend",
            },
            Self::ReportDownload => "report_download",
            Self::ReportSettings => "report_settings",
            Self::Batch => "batch",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Application permissions of which one is enough; none needed where empty.
    pub(crate) fn roles(&self) -> &'static [&'static str] {
        match self {
            Self::Users | Self::UsersDelta | Self::User { .. } | Self::Manager { .. } => {
                &["User.Read.All", "Directory.Read.All"]
            }
            Self::Groups | Self::Group { .. } | Self::Members { .. } => &[
                "GroupMember.Read.All",
                "Group.Read.All",
                "Directory.Read.All",
            ],
            Self::SubscribedSkus => &[
                "Organization.Read.All",
                "LicenseAssignment.Read.All",
                "Directory.Read.All",
            ],
            Self::Organization => &[
                "Organization.Read.All",
                "Directory.Read.All",
                "User.Read.All",
            ],
            Self::History { .. } => &["AiEnterpriseInteraction.Read.All"],
            Self::Report(_) => &["Reports.Read.All"],
            Self::ReportSettings => &["ReportSettings.Read.All", "ReportSettings.ReadWrite.All"],
            Self::Token { .. } | Self::ReportDownload | Self::Batch | Self::Unknown { .. } => &[],
        }
    }
}

/// Undoes percent-encoding; what is not UTF-8 after it, stays as it is.
fn decode(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while place < bytes.len() {
        let code = (bytes[place] == b'%')
            .then(|| segment.get(place + 1..place + 3))
            .flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                place += 3;
            }
            None => {
                decoded.push(bytes[place]);
                place += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| segment.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_in_any_case_and_form() {
        let history = Route::History {
            id: "a@b".to_owned(),
        };
        for path in [
            "/v1.0/copilot/users/a@b/interactionHistory/getAllEnterpriseInteractions",
            "/beta/Copilot/Users/a%40b/InteractionHistory/GetAllEnterpriseInteractions()",
            "//v1.0/copilot/users/a%40b/interactionhistory/getallenterpriseinteractions/",
        ] {
            assert_eq!(Route::of(path), history, "{path}");
        }
        assert_eq!(
            Route::of("/v1.0/users/g%23EXT%23@x/manager"),
            Route::Manager {
                id: "g#EXT#@x".to_owned()
            }
        );
        assert_eq!(
            Route::of("/t/oauth2/v2.0/token"),
            Route::Token {
                tenant: "t".to_owned()
            }
        );
        assert_eq!(
            Route::of("/v1.0/me"),
            Route::Unknown {
                segment: "me".to_owned()
            }
        );
        assert_eq!(
            Route::of("/"),
            Route::Unknown {
                segment: String::new()
            }
        );
        assert_eq!(
            Route::of("/v1.0/users/%zz%é"),
            Route::User {
                id: "%zz%é".to_owned()
            }
        );
    }
}
