//! "Did you mean …?": the known name nearest to a misspelled one.

/// The candidate nearest to `name`, if one is near enough to be what was meant.
pub fn near_miss<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = name.chars().collect();
    // A third of the letters may differ, at least one; more would be guessing.
    let limit = (letters.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == name || candidate.len().abs_diff(name.len()) > 4 * limit {
            continue;
        }
        let distance =
            if candidate.eq_ignore_ascii_case(name) { 0 } else { distance(&letters, candidate) };
        // Nothing may be left of a short name: `x` is not a misspelled `y`.
        let near = distance <= limit && distance < letters.len();
        let better = best.is_none_or(|(d, c)| (distance, candidate) < (d, c));
        if near && better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance (optimal string alignment): swapped neighbours count once.
fn distance(a: &[char], b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut current = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let substitution = previous[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            current[j] = substitution.min(previous[j] + 1).min(current[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                current[j] = current[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::near_miss;

    #[test]
    fn finds_the_nearest_name_or_none() {
        let names = ["print", "println", "len", "push", "balance", "x"];
        let check = |name, expected| assert_eq!(near_miss(name, names), expected, "{name}");
        check("pritn", Some("print"));
        check("Print", Some("print"));
        check("lne", Some("len"));
        check("balence", Some("balance"));
        check("y", None);
        check("quicksort", None);
        check("", None);
    }
}
