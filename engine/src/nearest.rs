//! The known word nearest to a mistyped one, for "did you mean …?".

/// Longer words are not compared: nobody mistypes a paragraph.
const WORD_CHARS_MAX: usize = 64;

/// The nearest of some words by Damerau-Levenshtein distance (a character missing, added, replaced, or two swapped),
/// if it is near enough to be meant; the first of equals. Letter case, `_` for `-` and full-width forms count as
/// equal. A third of the characters may differ, but at least one and never all, so it works for words of two
/// Chinese characters too.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word)?;
    let mut best: Option<(usize, &'a str)> = None;
    for candidate in among {
        let Some(letters) = folded(candidate) else {
            continue;
        };
        let longer = word.len().max(letters.len());
        let most = (longer / 3).max(1).min(longer.saturating_sub(1));
        if word.len().abs_diff(letters.len()) > most {
            continue;
        }
        let distance = distance(&word, &letters);
        let is_nearer = best.is_none_or(|(least, _)| distance < least);
        if distance <= most && is_nearer {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The characters as compared, or nothing if the word is empty or too long.
fn folded(word: &str) -> Option<Vec<char>> {
    let mut letters = Vec::new();
    for letter in word.chars().map(narrow).flat_map(char::to_lowercase) {
        if letters.len() == WORD_CHARS_MAX {
            return None;
        }
        letters.push(if letter == '_' { '-' } else { letter });
    }
    (!letters.is_empty()).then_some(letters)
}

/// The ASCII character that a full-width form (`：`, `ａ`) or a mark of Chinese punctuation stands for, or the character itself.
pub(crate) fn narrow(letter: char) -> char {
    match letter {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        '\u{3000}' => ' ',
        '、' => ',',
        '。' => '.',
        '“' | '”' | '‘' | '’' | '「' | '」' | '『' | '』' => '"',
        '【' | '〔' => '[',
        '】' | '〕' => ']',
        '《' | '〈' => '<',
        '》' | '〉' => '>',
        other => other,
    }
}

/// How many characters must be added, removed, replaced or swapped with their neighbour to get from one to the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = vec![0; to.len() + 1];
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (row, letter) in from.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != other);
            let mut least = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            let is_swapped = row > 0 && column > 0 && *letter == to[column - 1] && from[row - 1] == *other;
            if is_swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            this.push(least);
        }
        before_last = std::mem::replace(&mut last, this);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(word: &str) -> Option<&'static str> {
        nearest(word, ["title", "by", "deadline", "actions", "goto", "not_by", "受理员", "审核", "办结"])
    }

    #[test]
    fn a_mistyped_word_finds_the_one_that_was_meant() {
        assert_eq!(meant("tilte"), Some("title"));
        assert_eq!(meant("dead_lime"), Some("deadline"));
        assert_eq!(meant("action"), Some("actions"));
        assert_eq!(meant("Goto"), Some("goto"));
        assert_eq!(meant("not-by"), Some("not_by"));
        assert_eq!(meant("gtoo"), Some("goto"));
        assert_eq!(meant("ｇｏｔｏ"), Some("goto"));
    }

    #[test]
    fn two_chinese_characters_may_differ_in_one() {
        assert_eq!(meant("审合"), Some("审核"));
        assert_eq!(meant("受理"), Some("受理员"));
        assert_eq!(meant("结办"), Some("办结"));
    }

    #[test]
    fn one_of_four_chinese_characters_may_be_wrong() {
        assert_eq!(nearest("承办单未", ["配合单位", "承办单位"]), Some("承办单位"));
    }

    #[test]
    fn the_first_of_equally_near_words_is_meant() {
        assert_eq!(nearest("bat", ["cat", "hat"]), Some("cat"));
        assert_eq!(nearest("urgnet", ["channel", "urgent", "agent"]), Some("urgent"));
    }

    #[test]
    fn a_word_that_shares_too_little_finds_none() {
        assert_eq!(meant("督办"), None);
        assert_eq!(meant("escalation"), None);
        assert_eq!(meant(""), None);
        assert_eq!(meant("x"), None);
    }

    #[test]
    fn the_distance_counts_a_swap_of_neighbours_once() {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        assert_eq!(distance(&letters("ab"), &letters("ba")), 1);
        assert_eq!(distance(&letters("kitten"), &letters("sitting")), 3);
        assert_eq!(distance(&letters(""), &letters("abc")), 3);
    }
}
