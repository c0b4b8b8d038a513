//! JSON's numbers, which are decimals without limits, as BSON's numbers, without changing a value.

use bson::Decimal128;

/// A JSON number as BSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// An integer of 32 bits.
    Int32(i32),
    /// An integer of 64 bits.
    Int64(i64),
    /// A decimal whose spelling comes back when the double is printed.
    Double(f64),
    /// A decimal of at most 34 digits that is none of the above.
    Decimal(Decimal128),
}

/// The most significant digits a Decimal128 holds.
const DECIMAL_DIGITS: usize = 34;
/// Every decimal of so many digits survives the way through a double and back.
const DOUBLE_DIGITS: usize = 15;

/// Takes a number's text as it stands in valid JSON. `None`: no BSON number has this value.
pub(super) fn parse(text: &str) -> Option<Number> {
    if !text.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        if let Ok(number) = text.parse::<i64>() {
            return Some(i32::try_from(number).map_or(Number::Int64(number), Number::Int32));
        }
        return decimal(text, &Digits::of(text)?);
    }
    let double: f64 = text.parse().ok()?;
    let digits = Digits::of(text)?;
    let fits_surely = digits.significant.len() <= DOUBLE_DIGITS && (-290..=290).contains(&digits.exponent);
    let fits =
        fits_surely || (double.is_finite() && Digits::of(&format!("{double:e}")).as_ref() == Some(&digits));
    if fits { Some(Number::Double(double)) } else { decimal(text, &digits) }
}

fn decimal(text: &str, digits: &Digits) -> Option<Number> {
    if digits.significant.len() > DECIMAL_DIGITS {
        return None;
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let parsed = if plain && text.len() <= DECIMAL_DIGITS {
        // Zeros at the end are kept as they are written.
        text.parse()
    } else {
        // Beyond 6111 zeros go into the coefficient, as far as there is room; `FromStr` does that and refuses the rest.
        let sign = if digits.negative { "-" } else { "" };
        format!("{sign}{}E{}", digits.significant, digits.exponent).parse()
    };
    parsed.ok().map(Number::Decimal)
}

/// A decimal's value: `significant × 10^exponent`, without zeros at either end, hence equal only for equal values.
#[derive(Debug, PartialEq, Eq)]
struct Digits {
    negative: bool,
    significant: String,
    exponent: i64,
}

impl Digits {
    /// `None` when the exponent is beyond all measure.
    fn of(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut significant = String::with_capacity(whole.len() + fraction.len());
        significant.push_str(whole);
        significant.push_str(fraction);
        let trimmed = significant.trim_end_matches('0').len();
        let exponent = exponent
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(significant.len() - trimmed).ok()?)?;
        significant.truncate(trimmed);
        let significant = significant.trim_start_matches('0').to_owned();
        if significant.is_empty() {
            return Some(Self { negative, significant: "0".to_owned(), exponent: 0 });
        }
        Some(Self { negative, significant, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Number {
        Number::Decimal(text.parse().expect("a decimal"))
    }

    #[test]
    fn integers_of_64_bits_stay_integers() {
        assert_eq!(parse("0"), Some(Number::Int32(0)));
        assert_eq!(parse("-2147483648"), Some(Number::Int32(i32::MIN)));
        assert_eq!(parse("2147483648"), Some(Number::Int64(2_147_483_648)));
        assert_eq!(parse("9007199254740993"), Some(Number::Int64(9_007_199_254_740_993)));
        assert_eq!(parse("-9223372036854775808"), Some(Number::Int64(i64::MIN)));
    }

    #[test]
    fn integers_beyond_64_bits_become_decimals_of_the_same_value() {
        assert_eq!(parse("9223372036854775808"), Some(decimal("9223372036854775808")));
        assert_eq!(
            parse("1234567890123456789012345678901234"),
            Some(decimal("1234567890123456789012345678901234"))
        );
        assert_eq!(parse("12345678901234567890123456789012345"), None);
        assert_eq!(parse(&format!("1{}", "0".repeat(60))), Some(decimal("1E60")));
    }

    #[test]
    fn decimals_that_doubles_spell_the_same_become_doubles() {
        for (text, expected) in [
            ("19.99", 19.99),
            ("1e3", 1000.0),
            ("0.10", 0.1),
            ("1.7976931348623157e308", f64::MAX),
            ("5e-324", 5e-324),
        ] {
            assert_eq!(parse(text), Some(Number::Double(expected)), "{text}");
        }
        assert!(
            matches!(parse("-0.0"), Some(Number::Double(zero)) if zero == 0.0 && zero.is_sign_negative())
        );
        assert_eq!(parse("0.30000000000000004"), Some(Number::Double(0.1 + 0.2)));
    }

    #[test]
    fn decimals_that_doubles_would_round_become_decimals() {
        assert_eq!(parse("0.1234567890123456789"), Some(decimal("0.1234567890123456789")));
        assert_eq!(parse("1e400"), Some(decimal("1E400")));
        assert_eq!(parse("9007199254740993.5"), Some(decimal("9007199254740993.5")));
        assert_eq!(parse("1e-400"), Some(decimal("1E-400")));
    }

    #[test]
    fn what_no_type_holds_is_refused() {
        assert_eq!(parse("1e99999"), None);
        assert_eq!(parse("1e-99999"), None);
        assert_eq!(parse("1e99999999999999999999"), None);
        assert_eq!(parse(&format!("0.{}", "3".repeat(35))), None);
    }
}
