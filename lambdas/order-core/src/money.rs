//! Money in minor units with its currency. Never a float: cents do not survive one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A currency that orders may be placed in, by its ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro, 2 decimals.
    Eur,
    /// US dollar, 2 decimals.
    Usd,
    /// Pound sterling, 2 decimals.
    Gbp,
    /// Japanese yen, no decimals.
    Jpy,
}

impl Currency {
    /// Every currency, in the order that messages name them in.
    pub const ALL: [Self; 4] = [Self::Eur, Self::Usd, Self::Gbp, Self::Jpy];

    /// The ISO 4217 code, upper case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
        }
    }

    /// How many decimals the minor unit stands for (ISO 4217, "exponent").
    pub const fn decimals(self) -> u32 {
        match self {
            Self::Eur | Self::Usd | Self::Gbp => 2,
            Self::Jpy => 0,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.to_owned()))
    }
}

/// An amount: a count of minor units (cents, yen) of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why an amount could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The code is none of [`Currency::ALL`].
    #[error("unknown currency {0:?}, expected one of EUR, USD, GBP, JPY")]
    UnknownCurrency(String),
    /// The sum does not fit in 64 bits.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
}

impl Money {
    /// `minor` units (cents, yen) of `currency`.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The count of minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// This amount `quantity` times.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the product does not fit.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::Mixed`] for two currencies, [`MoneyError::Overflow`] when the sum does not fit.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, units) = (if self.minor < 0 { "-" } else { "" }, self.minor.unsigned_abs());
        let decimals = self.currency.decimals();
        if decimals == 0 {
            return write!(f, "{sign}{units} {}", self.currency);
        }
        let scale = 10_u64.pow(decimals);
        write!(f, "{sign}{}.{:0width$} {}", units / scale, units % scale, self.currency, width = decimals as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_shown_with_the_decimals_of_its_currency() {
        let cases = [
            (Money::new(8900, Currency::Eur), "89.00 EUR"),
            (Money::new(-5, Currency::Usd), "-0.05 USD"),
            (Money::new(1500, Currency::Jpy), "1500 JPY"),
            (Money::new(i64::MIN, Currency::Gbp), "-92233720368547758.08 GBP"),
        ];
        for (money, text) in cases {
            assert_eq!(money.to_string(), text);
        }
    }

    #[test]
    fn two_currencies_never_add() {
        let sum = Money::new(1, Currency::Eur).plus(Money::new(1, Currency::Usd));
        assert_eq!(sum, Err(MoneyError::Mixed(Currency::Eur, Currency::Usd)));
    }

    proptest! {
        #[test]
        fn times_is_repeated_plus(minor in -1_000_000_i64..1_000_000, quantity in 0_u32..50) {
            let unit = Money::new(minor, Currency::Eur);
            let sum = (0..quantity).try_fold(Money::new(0, Currency::Eur), |sum, _| sum.plus(unit));
            prop_assert_eq!(unit.times(quantity), sum);
        }

        #[test]
        fn no_amount_overflows_in_silence(minor: i64, quantity: u32) {
            let exact = i128::from(minor) * i128::from(quantity);
            match Money::new(minor, Currency::Eur).times(quantity) {
                Ok(product) => prop_assert_eq!(i128::from(product.minor()), exact),
                Err(error) => {
                    prop_assert_eq!(error, MoneyError::Overflow);
                    prop_assert!(i64::try_from(exact).is_err());
                }
            }
        }
    }
}
