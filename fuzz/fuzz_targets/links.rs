//! Addresses: base addresses as people write them, links to further pages, redirects to a download, names in paths.
#![no_main]

use std::sync::Arc;

use hobbs_fuzz::service::{Answer, GRAPH, Service, talk};
use hobbs_graph::{BaseUrl, DeltaLink, Format, Period, ReportVersion};
use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    for base in ["https://graph.microsoft.com", "http://127.0.0.1:7777/graph"] {
        link(text, base);
        name(text, base);
    }
    base_address(text);
    redirect(text);
});

/// A link that is followed leads to the same place, in the eyes of another parser too.
fn link(text: &str, base: &str) {
    let graph = BaseUrl::parse(base).expect("an address");
    let Ok(link) = DeltaLink::check(text, &graph) else {
        return;
    };
    let uri: Uri = link.as_str().parse().expect("an address that can be sent");
    let wanted: Uri = base.parse().expect("an address");
    assert_eq!(uri.scheme(), wanted.scheme(), "{text:?}");
    let authority = uri.authority().expect("a host").as_str();
    assert_eq!(
        authority,
        wanted.authority().expect("a host").as_str(),
        "{text:?}"
    );
    let path = wanted.path().trim_end_matches('/');
    let rest = uri.path().strip_prefix(path).expect("the same path");
    assert!(rest.starts_with('/'), "{text:?}");
    assert_eq!(DeltaLink::check(link.as_str(), &graph).as_ref(), Ok(&link));
}

/// A name from outside stays one segment of the path, and one value of the query, and is the same there.
fn name(text: &str, base: &str) {
    let graph = BaseUrl::parse(base).expect("an address");
    let url = graph.at(&["v1.0", "users", text, "end"], &[("$filter", text)]);
    assert!(graph.covers(&url), "{url}");
    let segments: Vec<&str> = url.path_segments().expect("a path").collect();
    let own = segments.len() - 4;
    assert_eq!(&segments[own..own + 2], ["v1.0", "users"], "{url}");
    assert_eq!(segments[own + 3], "end", "{url}");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs, [("$filter".to_owned(), text.to_owned())]);
    assert_eq!(url.fragment(), None);
    let _: Uri = url.as_str().parse().expect("an address that can be sent");
}

/// A base address is https, or this very machine.
fn base_address(text: &str) {
    let Ok(base) = BaseUrl::parse(text) else {
        return;
    };
    assert_eq!(BaseUrl::parse(base.as_str()).as_ref(), Ok(&base));
    let url = Url::parse(base.as_str()).expect("an address");
    assert!(
        url.scheme() == "https" || url.scheme() == "http" && is_this_machine(&url),
        "{base}"
    );
    assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none());
    assert!(base.covers(&base.at(&["v1.0"], &[])));
}

/// A report is fetched from where Graph says, without a token (the transport looks), over https or from this machine.
fn redirect(text: &str) {
    let Ok(location) = HeaderValue::from_str(text) else {
        return;
    };
    let found = Answer {
        status: StatusCode::FOUND,
        headers: HeaderMap::from_iter([(LOCATION, location)]),
        ..Answer::good(b"")
    };
    let service = Arc::new(Service::answering(vec![found]));
    let period = Period::all(ReportVersion::V2);
    let report = talk(&service, async |client| {
        client.user_detail(period, Format::Csv).await
    });
    let error = report.expect_err("there is no report").to_string();
    let requests = service.requests();
    for address in requests.iter().filter(|it| !it.starts_with(GRAPH)) {
        let url = Url::parse(address).expect("an address");
        assert!(
            url.scheme() == "https" || url.scheme() == "http" && is_this_machine(&url),
            "{address}"
        );
        assert!(url.username().is_empty() && url.password().is_none());
        // A pre-authenticated address is as good as a token.
        let query = url.query().filter(|query| query.len() >= 8);
        assert!(!query.is_some_and(|query| error.contains(query)), "{error}");
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
