//! Where a resource lies, without saying which it is: host and site, never a whole address.

/// What may be told of an address.
#[derive(Debug, PartialEq)]
pub(crate) struct Place {
    /// Lower case.
    pub(crate) host: String,
    /// Of an address in SharePoint the host with the site's path.
    pub(crate) site: Option<String>,
}

/// Where an address leads; None where it has no host.
pub(crate) fn place(address: &str) -> Option<Place> {
    let (host, path) = split(address)?;
    let site = is_sharepoint(&host).then(|| site(&host, path)).flatten();
    Some(Place { host, site })
}

fn site(host: &str, path: &str) -> Option<String> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    // `/:w:/r/sites/x/…` is how SharePoint writes a link to share.
    if parts.next_if(|part| part.starts_with(':')).is_some() {
        parts.next_if(|part| part.len() == 1);
    }
    let kind = parts.next()?;
    let is_site = ["sites", "teams", "personal"]
        .into_iter()
        .find(|it| kind.eq_ignore_ascii_case(it));
    match (is_site, parts.next()) {
        (Some(kind), Some(name)) => Some(format!("{host}/{kind}/{}", name.to_lowercase())),
        _ => Some(host.to_owned()),
    }
}

fn is_sharepoint(host: &str) -> bool {
    [
        ".sharepoint.com",
        ".sharepoint.us",
        ".sharepoint.cn",
        ".sharepoint-mil.us",
        ".sharepoint-df.com",
    ]
    .iter()
    .any(|end| host.ends_with(end))
}

/// Host and path, without user, port, query and fragment.
fn split(address: &str) -> Option<(String, &str)> {
    let (scheme, rest) = address.trim().split_once("://")?;
    if !scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'-')
    {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    const HOST_BYTES_MAX: usize = 253;
    let is_host = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') || byte >= 0x80
    };
    let is_good = !host.is_empty() && host.len() <= HOST_BYTES_MAX && host.bytes().all(is_host);
    is_good.then(|| (host.to_lowercase(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_only_host_and_site_are_told() {
        for (address, expected_host, expected_site) in [
            (
                "https://Contoso.SharePoint.com/sites/Team-A/Shared%20Documents/x.docx?web=1",
                Some("contoso.sharepoint.com"),
                Some("contoso.sharepoint.com/sites/team-a"),
            ),
            (
                "https://contoso.sharepoint.com/:w:/r/sites/a/x.docx",
                Some("contoso.sharepoint.com"),
                Some("contoso.sharepoint.com/sites/a"),
            ),
            (
                "https://contoso-my.sharepoint.com/personal/anna_contoso_com/Documents/x",
                Some("contoso-my.sharepoint.com"),
                Some("contoso-my.sharepoint.com/personal/anna_contoso_com"),
            ),
            (
                "https://contoso.sharepoint.com/Shared%20Documents/secret.docx",
                Some("contoso.sharepoint.com"),
                Some("contoso.sharepoint.com"),
            ),
            (
                "https://teams.microsoft.com/l/meeting/details?eventId=x",
                Some("teams.microsoft.com"),
                None,
            ),
            (
                "https://user:pass@host.example:8443/secret",
                Some("host.example"),
                None,
            ),
            ("https://host.example?secret", Some("host.example"), None),
            ("x.docx", None, None),
            ("mailto:a@b.c", None, None),
            ("https:///secret", None, None),
            ("https://a b/secret", None, None),
            ("", None, None),
        ] {
            let (host, site) = place(address).map(|it| (it.host, it.site)).unzip();
            assert_eq!(host.as_deref(), expected_host, "{address}");
            assert_eq!(site.flatten().as_deref(), expected_site, "{address}");
        }
    }
}
