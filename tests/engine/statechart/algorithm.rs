//! The procedures of W3C SCXML 1.0, appendix D, for one external transition with one target at a time.

use std::collections::BTreeSet;

/// The active states, in document order.
pub type Configuration = BTreeSet<usize>;

struct State {
    name: String,
    parent: Option<usize>,
    depth: usize,
    is_parallel: bool,
}

/// A chart; its states are numbered in document order.
pub struct Chart(Vec<State>);

impl Chart {
    /// Reads an indented list.
    pub fn read(text: &str) -> Self {
        let mut states: Vec<State> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let depth = (line.len() - line.trim_start().len()) / 2;
            let parent = (0..states.len()).rev().find(|above| states[*above].depth < depth);
            let (name, is_parallel) = match line.trim().strip_suffix(" ||") {
                Some(name) => (name, true),
                None => (line.trim(), false),
            };
            states.push(State { name: name.to_owned(), parent, depth, is_parallel });
        }
        Self(states)
    }

    /// All states in document order.
    pub fn states(&self) -> impl Iterator<Item = usize> + use<> {
        0..self.0.len()
    }

    /// A state by its name.
    pub fn find(&self, name: &str) -> usize {
        self.0.iter().position(|state| state.name == name).expect("the chart has the state")
    }

    /// The name of a state.
    pub fn name(&self, state: usize) -> &str {
        &self.0[state].name
    }

    /// How deep a state lies, from 0.
    pub fn depth(&self, state: usize) -> usize {
        self.0[state].depth
    }

    /// Whether the children of a state are all active at once.
    pub fn is_parallel(&self, state: usize) -> bool {
        self.0[state].is_parallel
    }

    /// Whether a state has no children.
    pub fn is_atomic(&self, state: usize) -> bool {
        self.children(Some(state)).next().is_none()
    }

    /// Where a case rests after it was started at the first state.
    pub fn initial(&self) -> Configuration {
        let mut entered = BTreeSet::new();
        self.add_descendants(0, &mut entered);
        entered
    }

    /// Whether our language lets a `goto` in one state lead to the other: not into a region from outside of it.
    pub fn may_go(&self, from: usize, to: usize) -> bool {
        let regions = self.self_and_ancestors(to).into_iter().filter(|state| self.is_region(*state));
        regions.collect::<Vec<usize>>().into_iter().all(|region| region == from || self.is_descendant(from, region))
    }

    /// What a transition exits and enters, and the configuration after it.
    pub fn microstep(&self, at: &Configuration, source: usize, target: usize) -> (Vec<String>, Configuration) {
        let domain = self.domain(source, target);
        let is_left = |state: &usize| match self.own_region(source, target) {
            Some(region) => *state == region || self.is_descendant(*state, region),
            None => self.lies_in(*state, domain),
        };
        let exited: BTreeSet<usize> = at.iter().copied().filter(is_left).collect();
        let mut entered = BTreeSet::new();
        self.add_descendants(target, &mut entered);
        self.add_ancestors(target, domain, &mut entered);
        let moves = self.moves(&exited, &entered);
        let after = at.difference(&exited).copied().chain(entered).collect();
        (moves, after)
    }

    /// What a transition to the deep history of the whole chart exits and enters, when `left` was recorded in it.
    pub fn history(&self, at: &Configuration, left: &Configuration) -> Vec<String> {
        let mut entered = BTreeSet::new();
        for state in left.iter().copied().filter(|state| self.is_atomic(*state)) {
            self.add_descendants(state, &mut entered);
            self.add_ancestors(state, None, &mut entered);
        }
        self.moves(at, &entered)
    }

    /// exitStates and enterStates: reverse document order, then document order.
    fn moves(&self, exited: &BTreeSet<usize>, entered: &BTreeSet<usize>) -> Vec<String> {
        let exits = exited.iter().rev().map(|state| format!("-{}", self.name(*state)));
        exits.chain(entered.iter().map(|state| format!("+{}", self.name(*state)))).collect()
    }

    /// getTransitionDomain of an external transition: the least compound ancestor of the source that is an ancestor of the
    /// target too; `None` is the chart as a whole.
    fn domain(&self, source: usize, target: usize) -> Option<usize> {
        if let Some(region) = self.own_region(source, target) {
            return self.0[region].parent;
        }
        let ancestors = self.self_and_ancestors(source).into_iter().skip(1);
        let mut compound = ancestors.filter(|state| !self.is_parallel(*state));
        compound.find(|ancestor| self.is_descendant(target, *ancestor))
    }

    /// In one thing our language is milder: a move between a region and what lies in it, which leaves and enters that
    /// region, leaves its siblings alone. SCXML would leave the whole parallel state, as its domain has to be compound.
    fn own_region(&self, source: usize, target: usize) -> Option<usize> {
        let is_around = |outer: usize, inner: usize| outer == inner || self.is_descendant(inner, outer);
        let (up, down) = (is_around(target, source).then_some(target), is_around(source, target).then_some(source));
        up.or(down).filter(|state| self.is_region(*state))
    }

    /// addDescendantStatesToEnter.
    fn add_descendants(&self, state: usize, entered: &mut BTreeSet<usize>) {
        entered.insert(state);
        if self.is_parallel(state) {
            self.add_regions(state, entered);
        } else if let Some(initial) = self.children(Some(state)).next() {
            self.add_descendants(initial, entered);
        }
    }

    /// addAncestorStatesToEnter.
    fn add_ancestors(&self, state: usize, domain: Option<usize>, entered: &mut BTreeSet<usize>) {
        for ancestor in
            self.self_and_ancestors(state).into_iter().skip(1).take_while(|ancestor| Some(*ancestor) != domain)
        {
            entered.insert(ancestor);
            if self.is_parallel(ancestor) {
                self.add_regions(ancestor, entered);
            }
        }
    }

    /// The regions of a parallel state in which nothing is to be entered yet.
    fn add_regions(&self, parallel: usize, entered: &mut BTreeSet<usize>) {
        for region in self.children(Some(parallel)).collect::<Vec<usize>>() {
            if !entered.iter().any(|state| *state == region || self.is_descendant(*state, region)) {
                self.add_descendants(region, entered);
            }
        }
    }

    fn children(&self, parent: Option<usize>) -> impl Iterator<Item = usize> {
        self.states().filter(move |state| self.0[*state].parent == parent)
    }

    fn is_region(&self, state: usize) -> bool {
        self.0[state].parent.is_some_and(|parent| self.is_parallel(parent))
    }

    /// The state, then what is around it, innermost first.
    fn self_and_ancestors(&self, state: usize) -> Vec<usize> {
        std::iter::successors(Some(state), |state| self.0[*state].parent).collect()
    }

    fn is_descendant(&self, state: usize, ancestor: usize) -> bool {
        state != ancestor && self.self_and_ancestors(state).contains(&ancestor)
    }

    fn lies_in(&self, state: usize, domain: Option<usize>) -> bool {
        domain.is_none_or(|domain| self.is_descendant(state, domain))
    }
}
