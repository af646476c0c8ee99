//! The known word nearest to a mistyped one, for "did you mean …?".

/// Longer words than this are not compared: nobody mistypes them by a letter or two.
const WORD_CHARS_MAX: usize = 64;

/// The candidate with the fewest typing mistakes from `word`, if it is near enough to be meant.
/// Ties go to the candidate that comes first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > WORD_CHARS_MAX {
        return None;
    }
    let allowed = (word.len() / 3).max(1);
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        if letters.is_empty() || letters.len().abs_diff(word.len()) > allowed {
            continue;
        }
        let mistakes = typing_mistakes(&word, &letters);
        let shares_a_letter = mistakes < word.len().max(letters.len());
        if mistakes <= allowed && shares_a_letter && best.is_none_or(|(fewest, _)| mistakes < fewest) {
            best = Some((mistakes, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Letters left out, added, exchanged or swapped with their neighbour (optimal string alignment).
fn typing_mistakes(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1; right.len() + 1];
        for (column, other) in right.iter().enumerate() {
            let exchanged = last[column] + usize::from(letter != other);
            let mut fewest = exchanged.min(last[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other;
            if swapped {
                fewest = fewest.min(before_last[column - 1] + 1);
            }
            current[column + 1] = fewest;
        }
        before_last = last;
        last = current;
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn swapped_letters_find_the_meant_word() {
        assert_eq!(nearest("urgnet", ["channel", "urgent", "agent"]), Some("urgent"));
    }

    #[test]
    fn a_chinese_word_with_one_wrong_character_is_found() {
        assert_eq!(nearest("承办单未", ["配合单位", "承办单位"]), Some("承办单位"));
    }

    #[test]
    fn a_word_unlike_all_others_has_no_suggestion() {
        assert_eq!(nearest("x", ["y", "urgent"]), None);
        assert_eq!(nearest("deadline", ["urgent", "channel"]), None);
    }
}
