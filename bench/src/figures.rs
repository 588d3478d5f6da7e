//! What was measured, and how it compares.

/// Values of one quantity, one a round.
#[derive(Debug, Clone, Default)]
pub struct Series(Vec<f64>);

impl Series {
    /// Of these values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        Self(values.into_iter().collect())
    }

    /// One more.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle value; the mean of the two middle ones of an even number. NaN of nothing.
    pub fn median(&self) -> f64 {
        let sorted = self.sorted();
        let (low, high) = (sorted.get(sorted.len().saturating_sub(1) / 2), sorted.get(sorted.len() / 2));
        low.zip(high).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
    }

    /// The smallest value.
    pub fn min(&self) -> f64 {
        self.sorted().first().copied().unwrap_or(f64::NAN)
    }

    /// The largest value.
    pub fn max(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }

    /// This divided by `other`, round by round: a machine that was slow for a round was slow for both.
    pub fn over(&self, other: &Self) -> Self {
        Self::of(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs))
    }

    fn sorted(&self) -> Vec<f64> {
        let mut values = self.0.clone();
        values.sort_by(f64::total_cmp);
        values
    }
}

/// What is wanted of a figure.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// Ours divided by the reference is at least this.
    RatioAtLeast(f64),
    /// Ours divided by the reference is at most this.
    RatioAtMost(f64),
    /// Ours is at least this.
    AtLeast(f64),
    /// Ours is at most this.
    AtMost(f64),
}

/// One quantity, measured for Bookly and perhaps for a reference.
#[derive(Debug, Clone)]
pub struct Row {
    /// What was measured, with its circumstances.
    pub what: String,
    /// Its unit: `requests/s`, `ms`.
    pub unit: &'static str,
    /// Bookly's.
    pub ours: Series,
    /// The reference's, from the same rounds.
    pub reference: Option<Series>,
    /// What is wanted.
    pub reaches: Vec<Reach>,
}

impl Row {
    /// A quantity of Bookly alone.
    pub fn alone(what: impl Into<String>, unit: &'static str, ours: Series) -> Self {
        Self { what: what.into(), unit, ours, reference: None, reaches: Vec::new() }
    }

    /// A quantity of Bookly and of a reference.
    pub fn beside(what: impl Into<String>, unit: &'static str, ours: Series, reference: Series) -> Self {
        Self { reference: Some(reference), ..Self::alone(what, unit, ours) }
    }

    /// The same, of which this is wanted.
    #[must_use]
    pub fn wanted(mut self, reach: Reach) -> Self {
        self.reaches.push(reach);
        self
    }

    /// Ours over the reference, round by round.
    pub fn ratio(&self) -> Option<Series> {
        self.reference.as_ref().map(|reference| self.ours.over(reference))
    }

    /// Whether a wanted figure was reached, by the median.
    pub fn reached(&self, reach: Reach) -> bool {
        let ratio = || self.ratio().map_or(f64::NAN, |ratio| ratio.median());
        match reach {
            Reach::RatioAtLeast(wanted) => ratio() >= wanted,
            Reach::RatioAtMost(wanted) => ratio() <= wanted,
            Reach::AtLeast(wanted) => self.ours.median() >= wanted,
            Reach::AtMost(wanted) => self.ours.median() <= wanted,
        }
    }
}

/// The value below which `share` of the values lie. Sorts them; NaN of nothing.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Series::of([3.0, 1.0, 2.0]).median(), 2.0);
        assert_eq!(Series::of([4.0, 1.0, 2.0, 3.0]).median(), 2.5);
        assert!(Series::default().median().is_nan());
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        // The machine was half as fast in the second round, for both.
        let row = Row::beside("x", "1/s", Series::of([80.0, 40.0]), Series::of([100.0, 50.0]));
        assert_eq!(row.ratio().map(|ratio| (ratio.min(), ratio.max())), Some((0.8, 0.8)));
        assert!(row.reached(Reach::RatioAtLeast(0.8)) && !row.reached(Reach::RatioAtLeast(0.81)));
        assert!(row.reached(Reach::AtMost(60.0)) && !row.reached(Reach::AtLeast(61.0)));
        assert!(row.reached(Reach::RatioAtMost(0.8)));
    }

    #[test]
    fn what_was_not_measured_reaches_nothing() {
        let row = Row::alone("x", "1/s", Series::default());
        for reach in [Reach::RatioAtLeast(0.0), Reach::RatioAtMost(9.0), Reach::AtLeast(0.0), Reach::AtMost(9.0)] {
            assert!(!row.reached(reach));
        }
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let mut values: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!(
            (quantile(&mut values, 0.5), quantile(&mut values, 0.99), quantile(&mut values, 1.0)),
            (50.0, 99.0, 99.0)
        );
    }
}
