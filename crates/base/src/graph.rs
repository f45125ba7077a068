//! Cycles of directed graphs.
//!
//! Must never recurse: graphs come from programs, whose chains of calls have any length.

use crate::Id;

/// The strongly connected components of a graph: nodes of one component reach each other.
pub struct Components<I> {
    /// Every node after those it leads to, its own component apart.
    pub bottom_up: Vec<I>,
    /// The number of each node's component.
    pub of: Vec<u32>,
}

impl<I: Id> Components<I> {
    /// Finds the components of the graph whose nodes lead to these ones (Tarjan's algorithm).
    pub fn new(successors: &[Vec<I>]) -> Components<I> {
        let n = successors.len();
        let mut search = Search {
            successors,
            number: vec![0; n],
            low: vec![0; n],
            is_open: vec![false; n],
            open: Vec::new(),
            next: 0,
            found: Components { bottom_up: Vec::with_capacity(n), of: vec![0; n] },
        };
        for root in 0..n {
            if search.number[root] == 0 {
                search.visit(root);
            }
        }
        search.found
    }

    /// For each node whether it reaches itself by way of others.
    pub fn in_circles(&self) -> Vec<bool> {
        let mut members = vec![0_u32; self.of.len() + 1];
        self.of.iter().for_each(|&number| members[number as usize] += 1);
        self.of.iter().map(|&number| members[number as usize] > 1).collect()
    }
}

struct Search<'g, I> {
    successors: &'g [Vec<I>],
    /// In the order in which nodes were reached, from 1; 0 for the others.
    number: Vec<u32>,
    /// The lowest number of an open node that a node leads to, as far as is known.
    low: Vec<u32>,
    is_open: Vec<bool>,
    /// The nodes whose components are not complete.
    open: Vec<usize>,
    next: u32,
    found: Components<I>,
}

impl<I: Id> Search<'_, I> {
    fn enter(&mut self, node: usize) -> (usize, usize) {
        self.next += 1;
        self.number[node] = self.next;
        self.low[node] = self.next;
        self.is_open[node] = true;
        self.open.push(node);
        (node, 0)
    }

    fn visit(&mut self, root: usize) {
        // Nodes, each with how many of its successors were looked at.
        let mut path = vec![self.enter(root)];
        while let Some((node, looked_at)) = path.last_mut() {
            let node = *node;
            if let Some(next) = self.successors[node].get(*looked_at) {
                *looked_at += 1;
                let next = next.index();
                if self.number[next] == 0 {
                    let entered = self.enter(next);
                    path.push(entered);
                } else if self.is_open[next] {
                    self.low[node] = self.low[node].min(self.number[next]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                self.low[parent] = self.low[parent].min(self.low[node]);
            }
            if self.low[node] == self.number[node] {
                self.close(node);
            }
        }
    }

    /// Everything open since `first` is its component.
    fn close(&mut self, first: usize) {
        while let Some(member) = self.open.pop() {
            self.is_open[member] = false;
            self.found.of[member] = self.number[first];
            self.found.bottom_up.push(I::from_index(member));
            if member == first {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::define_id! { struct Node; }

    fn components(edges: &[&[u32]]) -> Components<Node> {
        let successors: Vec<Vec<Node>> =
            edges.iter().map(|to| to.iter().copied().map(Node).collect()).collect();
        Components::new(&successors)
    }

    #[test]
    fn nodes_come_after_those_they_lead_to() {
        let found = components(&[&[1, 2], &[3], &[3], &[]]);
        assert_eq!(found.bottom_up, [3, 1, 2, 0].map(Node));
        assert_eq!(found.in_circles(), [false; 4]);
    }

    #[test]
    fn nodes_that_reach_each_other_are_one_component() {
        // 0 → 1 ⇄ 2, 2 → 3 → 4 → 3, 5 alone with itself.
        let found = components(&[&[1], &[2], &[1, 3], &[4], &[3], &[5]]);
        assert_eq!(found.of[1], found.of[2]);
        assert_eq!(found.of[3], found.of[4]);
        let mut distinct = [found.of[0], found.of[1], found.of[3], found.of[5]].to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), 4);
        assert_eq!(found.in_circles(), [false, true, true, true, true, false]);
        let place = |node| found.bottom_up.iter().position(|other| *other == Node(node));
        assert!(place(3) < place(1) && place(1) < place(0));
    }

    #[test]
    fn a_circle_by_way_of_a_longer_path_is_found() {
        // The edge back to 0 is only seen behind 3.
        let found = components(&[&[1], &[2], &[3], &[1, 0], &[0]]);
        assert_eq!(found.in_circles(), [true, true, true, true, false]);
    }

    #[test]
    fn long_chains_take_no_stack() {
        let n = 200_000;
        let mut successors: Vec<Vec<Node>> = (1..n).map(|next| vec![Node(next)]).collect();
        successors.push(vec![Node(0)]);
        let found = Components::new(&successors);
        assert!(found.in_circles().into_iter().all(|is_in| is_in));
    }
}
