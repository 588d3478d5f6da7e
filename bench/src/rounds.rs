//! Two sides in turn.

use crate::figures::Series;
use crate::{Outcome, Scale};

/// Measures both sides once a round; who begins changes from round to round, so that neither always finds the other's
/// leftovers.
///
/// # Errors
/// The first failure of either side.
pub fn in_turn(
    scale: Scale,
    mut ours: impl FnMut(u32) -> Outcome<f64>,
    mut reference: impl FnMut(u32) -> Outcome<f64>,
) -> Outcome<(Series, Series)> {
    let (mut our_series, mut reference_series) = (Series::default(), Series::default());
    for round in 0..scale.rounds {
        if round % 2 == 0 {
            our_series.push(ours(round)?);
            reference_series.push(reference(round)?);
        } else {
            reference_series.push(reference(round)?);
            our_series.push(ours(round)?);
        }
    }
    Ok((our_series, reference_series))
}
