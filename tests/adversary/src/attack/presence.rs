//! Intersection over gaps: which mailboxes are asked for in the same hours, and fall silent together.
//!
//! Each mailbox is a row of counts, one for each bin of time, from which the mean of all rows in that bin is taken. What is left
//! says when its owner was there and others were not. Two rows are compared by their correlation, and a correlation by how it
//! stands out among all of the same row.

use super::streams::Stream;
use crate::log::Mailbox;

/// No bin counts more than this many times what a background clock gives it: an open conversation is no longer presence.
const CAP: f32 = 2.0;
/// How many of the best matches of a row are kept.
const BEST: usize = 30;
/// Rows shorter than this many bins say nothing.
const SHORTEST: usize = 48;

/// How well rows match.
pub struct Presence {
    rows: Vec<Row>,
    /// The best matches of each row.
    pub best: Vec<Vec<Mailbox>>,
    /// Mean and deviation of all correlations of each row.
    usual: Vec<(f32, f32)>,
}

/// From the first bin in which the mailbox was there to the last; of unit length.
#[derive(Clone, Default)]
struct Row {
    first: usize,
    values: Vec<f32>,
    /// Sums of the squares of all values before each.
    squares: Vec<f32>,
}

/// How the matches of one row are spread, and the best of them.
#[derive(Clone, Default)]
struct Standing {
    sum: f64,
    squares: f64,
    count: f64,
    best: Vec<(f32, Mailbox)>,
    /// What is not better is not kept.
    floor: f32,
}

impl Standing {
    fn take(&mut self, value: f32, other: Mailbox) {
        self.sum += f64::from(value);
        self.squares += f64::from(value * value);
        self.count += 1.0;
        if value > self.floor {
            self.best.push((value, other));
            if self.best.len() >= 4 * BEST {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.best.len() > BEST {
            self.floor = self.best.select_nth_unstable_by(BEST, |a, b| b.0.total_cmp(&a.0)).1.0;
            self.best.truncate(BEST);
        }
    }

    fn usual(&self) -> (f32, f32) {
        let count = self.count.max(1.0);
        let mean = self.sum / count;
        (mean as f32, (self.squares / count - mean * mean).max(1e-6).sqrt() as f32)
    }

    fn best(mut self) -> Vec<Mailbox> {
        self.cut();
        self.best.into_iter().map(|(_, other)| other).collect()
    }
}

impl Row {
    fn correlation(&self, other: &Self) -> Option<f32> {
        let from = self.first.max(other.first);
        let to = (self.first + self.values.len()).min(other.first + other.values.len());
        if to < from + SHORTEST {
            return None;
        }
        let scale = self.norm(from, to) * other.norm(from, to);
        (scale > 0.0).then(|| dot(self.between(from, to), other.between(from, to)) / scale)
    }

    fn between(&self, from: usize, to: usize) -> &[f32] {
        &self.values[from - self.first..to - self.first]
    }

    fn norm(&self, from: usize, to: usize) -> f32 {
        (self.squares[to - self.first] - self.squares[from - self.first]).max(0.0).sqrt()
    }
}

impl Presence {
    /// Compares all mailboxes, in bins of so many seconds.
    #[must_use]
    pub fn new(streams: &[Stream], bin: f64, seconds: f64) -> Self {
        let bins = (seconds / bin).ceil() as usize + 1;
        let mut rows: Vec<Row> = streams.iter().map(|stream| row(stream, bin)).collect();
        center(&mut rows, bins);
        let mut standings = vec![Standing::default(); rows.len()];
        for one in 0..rows.len() {
            for other in one + 1..rows.len() {
                if let Some(value) = rows[one].correlation(&rows[other]) {
                    standings[one].take(value, other as Mailbox);
                    standings[other].take(value, one as Mailbox);
                }
            }
        }
        let usual = standings.iter().map(Standing::usual).collect();
        let best = standings.into_iter().map(Standing::best).collect();
        Self { rows, best, usual }
    }

    /// By how many deviations the match of two stands out among all matches of either; the lesser of both, and the greater.
    #[must_use]
    pub fn match_of(&self, one: Mailbox, other: Mailbox) -> [f32; 2] {
        let [of_one, of_other] = [one, other].map(|mailbox| &self.rows[mailbox as usize]);
        let Some(value) = of_one.correlation(of_other) else { return [0.0; 2] };
        let standing = |(mean, deviation): (f32, f32)| (value - mean) / deviation;
        let (one, other) = (standing(self.usual[one as usize]), standing(self.usual[other as usize]));
        [one.min(other), one.max(other)]
    }
}

fn row(stream: &Stream, bin: f64) -> Row {
    let (Some(first), Some(last)) = (stream.asks.first(), stream.asks.last()) else { return Row::default() };
    let (first, last) = ((first / bin) as usize, (last / bin) as usize);
    let mut values = vec![0.0_f32; last - first + 1];
    for ask in &stream.asks {
        values[(ask / bin) as usize - first] += 1.0;
    }
    let mut usual = values.clone();
    let middle = usual.len() / 2;
    let cap = CAP * usual.select_nth_unstable_by(middle, f32::total_cmp).1.max(1.0);
    values.iter_mut().for_each(|value| *value = value.min(cap));
    Row { first, values, squares: Vec::new() }
}

/// Takes from each bin what is usual in it for all.
fn center(rows: &mut [Row], bins: usize) {
    let (mut sums, mut counts) = (vec![0.0_f32; bins], vec![0.0_f32; bins]);
    for row in rows.iter() {
        let mean = row.values.iter().sum::<f32>() / row.values.len().max(1) as f32;
        for (index, value) in row.values.iter().enumerate() {
            sums[row.first + index] += value - mean;
            counts[row.first + index] += 1.0;
        }
    }
    for row in rows {
        let mean = row.values.iter().sum::<f32>() / row.values.len().max(1) as f32;
        for (index, value) in row.values.iter_mut().enumerate() {
            *value -= mean + sums[row.first + index] / counts[row.first + index].max(1.0);
        }
        let mut sum = 0.0;
        row.squares.push(sum);
        for value in &row.values {
            sum += value * value;
            row.squares.push(sum);
        }
    }
}

/// In eight sums that do not wait for each other.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let rest: f32 = ones.remainder().iter().zip(others.remainder()).map(|(a, b)| a * b).sum();
    for (one, other) in ones.zip(others) {
        for lane in 0..8 {
            sums[lane] += one[lane] * other[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}
