//! Weighs evidence as the adversary has learned to in a world of its own, where it knows the truth: logistic regression.

/// What speaks for and against one claim.
pub type Evidence = Vec<f32>;

/// Rounds of learning, at most.
const ROUNDS: usize = 60;
/// No weight changes by more in a round.
const LONGEST_STEP: f64 = 2.0;
/// When no weight changes by more, it is done.
const CLOSE: f64 = 1e-4;
/// How much large weights cost.
const RESTRAINT: f64 = 1.0;
/// A wrong example counts for so many, of which only this share is looked at.
const WRONG_KEPT: usize = 120_000;

/// How much each piece of evidence counts.
#[derive(Debug, Clone, Default)]
pub struct Judgement {
    weights: Vec<f64>,
    means: Vec<f64>,
    scales: Vec<f64>,
}

impl Judgement {
    /// Learns from examples whose truth is known.
    #[must_use]
    pub fn learned(examples: &[(&Evidence, bool)]) -> Self {
        let wrong = examples.iter().filter(|(_, right)| !right).count();
        let stride = wrong.div_ceil(WRONG_KEPT).max(1);
        let mut seen = 0_usize;
        let kept: Vec<(&Evidence, bool)> = examples
            .iter()
            .filter(|(_, right)| {
                seen += usize::from(!right);
                *right || seen.is_multiple_of(stride)
            })
            .copied()
            .collect();
        let width = kept.first().map_or(0, |(evidence, _)| evidence.len());
        let mut judgement = Self { weights: vec![0.0; width + 1], ..Self::default() };
        judgement.measure(&kept, width);
        judgement.descend(&kept, stride as f64);
        judgement
    }

    fn measure(&mut self, kept: &[(&Evidence, bool)], width: usize) {
        let count = kept.len().max(1) as f64;
        for feature in 0..width {
            let values = || kept.iter().map(|(evidence, _)| f64::from(evidence[feature]));
            let mean = values().sum::<f64>() / count;
            let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            self.means.push(mean);
            self.scales.push(variance.sqrt().max(1e-6));
        }
    }

    /// Newton's method, on the curvature of the whole.
    fn descend(&mut self, kept: &[(&Evidence, bool)], wrong_counts: f64) {
        let width = self.weights.len();
        let row = |(evidence, right): &(&Evidence, bool)| (self.scaled(evidence), *right);
        let rows: Vec<(Vec<f64>, bool)> = kept.iter().map(row).collect();
        for _ in 0..ROUNDS {
            let mut gradient: Vec<f64> = self.weights.iter().map(|weight| weight * RESTRAINT).collect();
            let mut curvature = vec![vec![0.0; width]; width];
            (0..width).for_each(|index| curvature[index][index] = RESTRAINT);
            for (row, right) in &rows {
                let probability = sigmoid(sum(&self.weights, row));
                let counts = if *right { 1.0 } else { wrong_counts };
                let pull = counts * (probability - f64::from(u8::from(*right)));
                let bend = counts * (probability * (1.0 - probability)).max(1e-9);
                for (index, value) in row.iter().enumerate() {
                    gradient[index] += pull * value;
                    let bent = bend * value;
                    row[..=index].iter().zip(&mut curvature[index]).for_each(|(other, cell)| *cell += bent * other);
                }
            }
            let step = solved(curvature, gradient);
            let longest = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
            let scale = (LONGEST_STEP / longest.max(1e-12)).min(1.0);
            self.weights.iter_mut().zip(&step).for_each(|(weight, part)| *weight -= scale * part);
            if longest < CLOSE {
                break;
            }
        }
    }

    fn scaled(&self, evidence: &[f32]) -> Vec<f64> {
        let values = evidence.iter().zip(self.means.iter().zip(&self.scales));
        let values = values.map(|(value, (mean, scale))| ((f64::from(*value) - mean) / scale).clamp(-8.0, 8.0));
        values.chain([1.0]).collect()
    }

    /// The logarithm of the odds that a claim is right.
    #[must_use]
    pub fn weigh(&self, evidence: &[f32]) -> f64 {
        sum(&self.weights, &self.scaled(evidence))
    }
}

/// Solves `matrix · x = right` for a symmetric positive matrix, of which the lower half is read (Cholesky).
fn solved(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    for row in 0..width {
        for column in 0..=row {
            let inner: f64 = (0..column).map(|index| matrix[row][index] * matrix[column][index]).sum();
            let rest = matrix[row][column] - inner;
            matrix[row][column] = if row == column { rest.max(1e-12).sqrt() } else { rest / matrix[column][column] };
        }
    }
    for row in 0..width {
        let inner: f64 = (0..row).map(|index| matrix[row][index] * right[index]).sum();
        right[row] = (right[row] - inner) / matrix[row][row];
    }
    for row in (0..width).rev() {
        let inner: f64 = (row + 1..width).map(|index| matrix[index][row] * right[index]).sum();
        right[row] = (right[row] - inner) / matrix[row][row];
    }
    right
}

fn sum(weights: &[f64], row: &[f64]) -> f64 {
    weights.iter().zip(row).map(|(weight, value)| weight * value).sum()
}

/// A probability of the logarithm of odds.
#[must_use]
pub fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_solved_is_a_solution() {
        let matrix = vec![vec![4.0, 0.0, 0.0], vec![2.0, 5.0, 0.0], vec![1.0, 3.0, 6.0]];
        let found = solved(matrix, vec![8.0, 19.0, 25.0]);
        let full = [[4.0, 2.0, 1.0], [2.0, 5.0, 3.0], [1.0, 3.0, 6.0]];
        for (row, right) in full.iter().zip([8.0, 19.0, 25.0]) {
            let left: f64 = row.iter().zip(&found).map(|(a, b)| a * b).sum();
            assert!((left - right).abs() < 1e-9);
        }
    }

    #[test]
    fn evidence_that_tells_is_learned_and_noise_is_not() {
        let evidence = |index: usize| vec![(index % 10) as f32, (index * 7_919 % 13) as f32];
        let all: Vec<(Evidence, bool)> = (0..5_000).map(|index| (evidence(index), index % 10 > 6)).collect();
        let judgement = Judgement::learned(&all.iter().map(|(evidence, right)| (evidence, *right)).collect::<Vec<_>>());
        assert!(judgement.weigh(&[9.0, 6.0]) > 3.0 && judgement.weigh(&[1.0, 6.0]) < -3.0);
        assert!((judgement.weigh(&[5.0, 0.0]) - judgement.weigh(&[5.0, 12.0])).abs() < 1.0);
    }
}
