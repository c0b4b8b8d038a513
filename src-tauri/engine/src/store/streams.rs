//! Lists by keyset: streams of ids, each of which one index yields in order, merged into one.
//!
//! Invariant: a page reads about as many ids as it shows, however long the list is and wherever the page begins.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::search::Snapshot;

/// In which order a list is read. Ids grow in the order of receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// The greatest id first.
    #[default]
    NewestFirst,
    /// The smallest id first.
    OldestFirst,
}

/// Ids from `first` to `last`, both included.
#[derive(Debug, Clone, Copy)]
pub(super) struct IdRange {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl IdRange {
    /// Every id.
    pub(super) const ALL: Self = Self { first: 1, last: i64::MAX };
}

/// Why a row is a candidate, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// An index says that it fits.
    Index,
    /// Nothing is known of it yet.
    NotIndexed,
    /// It has an error, in which the words may stand.
    Error,
}

#[derive(Debug)]
enum How {
    /// Selects ids; takes the first and last id and the limit, then these. Order and limit are put behind it.
    Sql(&'static str, Vec<Value>),
    /// A search in the index of words.
    Words(String),
}

/// Where a stream of ids comes from.
#[derive(Debug)]
pub(super) struct Source {
    origin: Origin,
    how: How,
}

impl Source {
    /// From a statement `SELECT id FROM … WHERE id BETWEEN ?1 AND ?2 …`; `?3` is not for it, `parameters` begin at `?4`.
    pub(super) const fn sql(origin: Origin, sql: &'static str, parameters: Vec<Value>) -> Self {
        Self { origin, how: How::Sql(sql, parameters) }
    }

    /// From the index of words.
    pub(super) const fn words(fts: String) -> Self {
        Self { origin: Origin::Index, how: How::Words(fts) }
    }
}

/// Ids that one source yields in order, read some at a time.
#[derive(Debug)]
struct Stream {
    source: Source,
    ready: VecDeque<i64>,
    /// The ids not read yet; `None` when there are none.
    rest: Option<IdRange>,
}

/// An id that a stream yielded.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) id: i64,
    pub(super) origin: Origin,
}

/// Streams merged into one, in order, each id once.
#[derive(Debug)]
pub(super) struct Merge {
    streams: Vec<Stream>,
    order: Order,
    chunk: usize,
    /// The next id of each stream that has one, as a rank: the greatest rank comes first.
    heads: BinaryHeap<(i64, Reverse<usize>)>,
    started: bool,
}

impl Merge {
    /// Pages of about `limit` ids within `ids`.
    pub(super) fn new(sources: Vec<Source>, ids: IdRange, order: Order, limit: usize) -> Self {
        // With many streams each gives only a few ids to a page.
        let chunk = (limit * 2 / sources.len().max(1)).clamp(8, limit + 8);
        let stream = |source| Stream { source, ready: VecDeque::new(), rest: Some(ids) };
        Self {
            streams: sources.into_iter().map(stream).collect(),
            order,
            chunk,
            heads: BinaryHeap::new(),
            started: false,
        }
    }

    /// The next id.
    pub(super) fn next(
        &mut self,
        connection: &Connection,
        words: Option<&Snapshot<'_>>,
    ) -> rusqlite::Result<Option<Candidate>> {
        if !self.started {
            self.started = true;
            for index in 0..self.streams.len() {
                self.advance(connection, words, index)?;
            }
        }
        let Some((rank, Reverse(index))) = self.heads.pop() else { return Ok(None) };
        let mut origin = self.streams[index].source.origin;
        self.advance(connection, words, index)?;
        while let Some((_, Reverse(index))) = self.heads.peek().copied().filter(|(other, _)| *other == rank) {
            self.heads.pop();
            origin = origin.min(self.streams[index].source.origin);
            self.advance(connection, words, index)?;
        }
        Ok(Some(Candidate { id: self.rank(rank), origin }))
    }

    /// An id as its rank, and a rank as its id.
    const fn rank(&self, id: i64) -> i64 {
        match self.order {
            Order::NewestFirst => id,
            Order::OldestFirst => -id,
        }
    }

    /// Puts the stream's next id among the heads.
    fn advance(
        &mut self,
        connection: &Connection,
        words: Option<&Snapshot<'_>>,
        index: usize,
    ) -> rusqlite::Result<()> {
        let (order, chunk) = (self.order, self.chunk);
        let stream = &mut self.streams[index];
        if stream.ready.is_empty()
            && let Some(rest) = stream.rest.take()
        {
            match &stream.source.how {
                How::Sql(sql, parameters) => {
                    let direction = match order {
                        Order::NewestFirst => "DESC",
                        Order::OldestFirst => "ASC",
                    };
                    let sql = format!("{sql} ORDER BY id {direction} LIMIT ?3");
                    let mut statement = connection.prepare_cached(&sql)?;
                    statement.raw_bind_parameter(1, rest.first)?;
                    statement.raw_bind_parameter(2, rest.last)?;
                    statement.raw_bind_parameter(3, chunk as i64)?;
                    for (at, value) in parameters.iter().enumerate() {
                        statement.raw_bind_parameter(at + 4, value)?;
                    }
                    let mut rows = statement.raw_query();
                    while let Some(row) = rows.next()? {
                        stream.ready.push_back(row.get(0)?);
                    }
                }
                How::Words(fts) => {
                    // A search that fails is as if nothing were indexed; the index is built anew.
                    let ids = words.map(|words| words.ids(fts, rest, order, chunk));
                    stream.ready.extend(ids.and_then(Result::ok).unwrap_or_default());
                }
            }
            if let Some(end) = stream.ready.back().filter(|_| stream.ready.len() == chunk) {
                let left = match order {
                    Order::NewestFirst => IdRange { last: end - 1, ..rest },
                    Order::OldestFirst => IdRange { first: end.saturating_add(1), ..rest },
                };
                stream.rest = (left.first <= left.last).then_some(left);
            }
        }
        if let Some(id) = stream.ready.pop_front() {
            let rank = self.rank(id);
            self.heads.push((rank, Reverse(index)));
        }
        Ok(())
    }
}
