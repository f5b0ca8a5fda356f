//! What stands in one cell. Each gives None where the text is not what it should be.

use jiff::civil::Date;

/// `2026-11-20`, perhaps with a time behind it.
pub(super) fn date(text: &str) -> Option<Date> {
    let text = text.trim();
    let day = text.split_once('T').map_or(text, |(day, _)| day);
    day.parse().ok()
}

/// A whole number that is not negative, perhaps written `28.0`.
pub(super) fn count(text: &str) -> Option<i64> {
    let text = text.trim();
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.parse().ok().filter(|count| *count >= 0)
}

/// A number.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// A period in days: `28`, perhaps written `D28`.
pub(super) fn days(text: &str) -> Option<u32> {
    let text = text.trim();
    text.strip_prefix(['D', 'd']).unwrap_or(text).parse().ok()
}

/// Whether something else stands in place of a user principal name, which has an `@` always. Microsoft writes
/// 32 hexadecimal digits; another form of hash would be one, too.
pub(super) fn is_concealed(user_principal_name: &str) -> bool {
    !user_principal_name.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil;

    #[test]
    fn cells_are_read_or_none() {
        let day = Some(civil::date(2026, 11, 20));
        assert_eq!(date("2026-11-20"), day);
        assert_eq!(date(" 2026-11-20T00:00:00Z "), day);
        for bad in ["", "never", "20/11/2026", "2026-13-01", "2026-11"] {
            assert_eq!(date(bad), None, "{bad}");
        }
        assert_eq!((count("142"), count(" 142.0")), (Some(142), Some(142)));
        assert_eq!(
            (count("-1"), count("1.5"), count("many")),
            (None, None, None)
        );
        assert_eq!((number("3.25"), number("NaN")), (Some(3.25), None));
        assert_eq!(
            (days("28"), days("D28"), days("ALL")),
            (Some(28), Some(28), None)
        );
        for hash in ["F5B1A6E0C7D84C1A9E3B2D4F6A8C0E1D", "f5b1a6e0", "9bX+/w=="] {
            assert!(is_concealed(hash), "{hash}");
        }
        for name in ["ann@contoso.com", "b_c.com#EXT#@contoso.onmicrosoft.com"] {
            assert!(!is_concealed(name), "{name}");
        }
    }
}
