//! The gates: what holds for the whole tree and no compiler checks. Each one judges the [`Workspace`] as a value and
//! gives an [`Outcome`]; `./test` runs them all.

mod attack_rows;
mod crate_direction;
mod exceptions;
mod file_size;
mod forbidden_words;
mod function_size;
mod licences;
mod log_table;
mod named_tests;
mod test_names;

use crate::workspace::Workspace;

pub(crate) struct Gate {
    pub(crate) name: &'static str,
    /// What a reader may rely on while the gate is green.
    pub(crate) holds: &'static str,
    pub(crate) judge: fn(&Workspace) -> Outcome,
}

pub(crate) static GATES: [Gate; 9] = [
    Gate { name: "file-size", holds: file_size::HOLDS, judge: file_size::judge },
    Gate { name: "function-size", holds: function_size::HOLDS, judge: function_size::judge },
    Gate { name: "exceptions", holds: exceptions::HOLDS, judge: exceptions::judge },
    Gate { name: "crate-direction", holds: crate_direction::HOLDS, judge: crate_direction::judge },
    Gate { name: "attack-rows", holds: attack_rows::HOLDS, judge: attack_rows::judge },
    Gate { name: "forbidden-words", holds: forbidden_words::HOLDS, judge: forbidden_words::judge },
    Gate { name: "licences", holds: licences::HOLDS, judge: licences::judge },
    Gate { name: "log-table", holds: log_table::HOLDS, judge: log_table::judge },
    Gate { name: "named-tests", holds: named_tests::HOLDS, judge: named_tests::judge },
];

/// What one gate found. It failed if there is a problem.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// One line, printed also where the gate holds.
    pub(crate) summary: String,
    /// Each names its place first, then what is wrong there.
    pub(crate) problems: Vec<String>,
    /// What to do about any of the problems.
    pub(crate) hint: &'static str,
}

impl Outcome {
    pub(crate) fn failed(&self) -> bool {
        !self.problems.is_empty()
    }
}

/// The gates of these names, or all if there are none; `Err` is a name that no gate has.
pub(crate) fn choose<'a>(names: &[&'a str]) -> Result<Vec<&'static Gate>, &'a str> {
    if names.is_empty() {
        return Ok(GATES.iter().collect());
    }
    names.iter().map(|&name| GATES.iter().find(|gate| gate.name == name).ok_or(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_chooses_all_and_a_wrong_one_is_given_back() {
        assert_eq!(choose(&[]).map(|chosen| chosen.len()), Ok(GATES.len()));
        assert_eq!(choose(&["licences"]).map(|chosen| chosen[0].name), Ok("licences"));
        assert_eq!(choose(&["licences", "nothing"]).map(|chosen| chosen.len()), Err("nothing"));
    }
}
