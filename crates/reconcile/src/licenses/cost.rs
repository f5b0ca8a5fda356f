//! What the licenses cost, and what a typed exchange costs.

use serde::Serialize;

/// What one seat costs in a month, as the caller says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Price {
    /// For one seat and month.
    pub per_seat_month: f64,
    /// As the caller names it: `EUR`.
    pub currency: String,
}

/// What the licenses cost: those bought, which an organization pays for, and those held. Amounts are in the price's currency, to the hundredth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    /// The price.
    #[serde(flatten)]
    pub price: Price,
    /// Seats bought, whether somebody holds them or not; None where no subscription is known.
    pub bought: Option<u64>,
    /// All of them in a month.
    pub bought_per_month: Option<f64>,
    /// Seats held.
    pub seats: u64,
    /// All of these in a month.
    pub per_month: f64,
    /// Of these, those worth moving, in a month.
    pub worth_moving_per_month: f64,
    /// Typed exchanges of the holders in the last 28 days.
    pub typed_28: u64,
    /// What one of them costs, by the seats bought, or held where it is not known how many are bought; None if
    /// there was none.
    pub per_typed_exchange: Option<f64>,
}

/// Days of a month, on average.
const MONTH_DAYS: f64 = 365.25 / 12.0;

impl Cost {
    /// Of so many seats.
    pub fn of(
        price: Price,
        bought: Option<u64>,
        seats: u64,
        worth_moving: u64,
        typed_28: u64,
    ) -> Cost {
        let cents = |amount: f64| (amount * 100.0).round() / 100.0;
        let per_month = |seats: u64| price.per_seat_month * seats as f64;
        let in_28_days = per_month(bought.unwrap_or(seats)) * 28.0 / MONTH_DAYS;
        Cost {
            bought,
            bought_per_month: bought.map(|bought| cents(per_month(bought))),
            seats,
            per_month: cents(per_month(seats)),
            worth_moving_per_month: cents(per_month(worth_moving)),
            typed_28,
            per_typed_exchange: (typed_28 > 0).then(|| cents(in_28_days / typed_28 as f64)),
            price,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_exchange_has_its_share_of_28_days() {
        let price = Price {
            per_seat_month: 28.1,
            currency: "EUR".into(),
        };
        let cost = Cost::of(price.clone(), None, 100, 30, 5_000);
        assert_eq!(
            (
                cost.per_month,
                cost.worth_moving_per_month,
                cost.per_typed_exchange
            ),
            (2_810.0, 843.0, Some(0.52))
        );
        // What is bought is paid for, also where nobody holds it.
        let cost = Cost::of(price.clone(), Some(200), 100, 30, 5_000);
        assert_eq!(
            (
                cost.bought_per_month,
                cost.per_month,
                cost.per_typed_exchange
            ),
            (Some(5_620.0), 2_810.0, Some(1.03))
        );
        assert_eq!(Cost::of(price, None, 100, 30, 0).per_typed_exchange, None);
    }
}
