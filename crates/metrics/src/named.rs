//! The nearest name to one that nobody has.

/// Two letters that changed places.
const SLIP: usize = 2;

/// The name that takes the fewest changes, if they are few enough to be a slip. Upper and lower case are
/// the same, and so are `-` and `_`.
pub fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let wanted = plain(name);
    // Text from outside may be of any length, and the comparison takes the product of two lengths.
    if wanted.len() > 100 {
        return None;
    }
    names
        .map(|known| (known, plain(known)))
        .map(|(known, plain)| (known, changes(&wanted, &plain), is_part(&wanted, &plain)))
        .filter(|(known, changes, is_part)| {
            *changes <= (known.len().max(wanted.len()) / 3).max(SLIP) || *is_part
        })
        .min_by_key(|(_, changes, is_part)| (!is_part, *changes))
        .map(|(known, ..)| known)
}

/// A whole word of it, or its beginning.
fn is_part(wanted: &str, known: &str) -> bool {
    wanted.len() >= 4
        && (known.starts_with(wanted) || known.split(['_', ' ']).any(|word| word == wanted))
}

/// Letters to insert, drop or replace, to make one text of the other (Levenshtein).
fn changes(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (other_at, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[other_at + 1];
            row[other_at + 1] = replaced.min(diagonal + 1).min(row[other_at] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_counted() {
        assert_eq!(changes("", "abc"), 3);
        assert_eq!(changes("kitten", "sitting"), 3);
        assert_eq!(changes("retention", "retention"), 0);
    }

    #[test]
    fn slips_find_their_name_and_nonsense_does_not() {
        let names = [
            "headline",
            "hours",
            "reply_time",
            "resources_by_site",
            "retention",
        ];
        let near = |name| nearest(name, names.into_iter());
        assert_eq!(near("retentoin"), Some("retention"));
        assert_eq!(near("Reply-Time"), Some("reply_time"));
        assert_eq!(near("site"), Some("resources_by_site"));
        assert_eq!(near("resources"), Some("resources_by_site"));
        assert_eq!(near("zzzzzz"), None);
        assert_eq!(near(&"x".repeat(10_000)), None);
    }
}
