//! Names of collections: the plural of the object's type, by rule, so that new object types work on the day they appear.
//!
//! The rule is fixed for ever: the names stand in people's databases. It knows English spelling, but no irregular words.

/// The collection for objects of this type: `customer` → `customers`, `checkout.session` → `checkout_sessions`,
/// `tax_id` → `tax_ids`, `radar.early_fraud_warning` → `radar_early_fraud_warnings`, `userProfile` → `user_profiles`.
///
/// Letters are lowered; everything that is neither letter nor digit becomes an underscore, so that the name is one
/// that every destination takes. A type that is a plural already stays as it is.
pub fn collection(object_type: &str) -> String {
    let mut name = String::with_capacity(object_type.len() + 4);
    let mut after_lower = false;
    for letter in object_type.chars() {
        if after_lower && letter.is_ascii_uppercase() {
            name.push('_');
        }
        after_lower = letter.is_ascii_lowercase();
        name.push(if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
    }
    if name.is_empty() {
        name.push_str("object");
    }
    pluralise(&mut name);
    name
}

/// English plurals, as far as the last letters tell them.
fn pluralise(word: &mut String) {
    let ends_in = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    if ends_in(&["y"]) && !ends_in(&["ay", "ey", "oy", "uy"]) {
        word.pop();
        word.push_str("ies");
    } else if ends_in(&["ss", "us", "is", "as", "x", "z", "ch", "sh"]) {
        word.push_str("es");
    } else if !ends_in(&["s"]) {
        word.push('s');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_the_plural_of_the_type() {
        let cases = [
            ("customer", "customers"),
            ("checkout.session", "checkout_sessions"),
            ("radar.early_fraud_warning", "radar_early_fraud_warnings"),
            ("tax_id", "tax_ids"),
            ("invoiceitem", "invoiceitems"),
            ("lead_status", "lead_statuses"),
            ("address", "addresses"),
            ("alias", "aliases"),
            ("activity", "activities"),
            ("capability", "capabilities"),
            ("payout", "payouts"),
            ("survey", "surveys"),
            ("essay", "essays"),
            ("tax", "taxes"),
            ("quiz", "quizes"),
            ("branch", "branches"),
            ("dish", "dishes"),
            ("y", "ies"),
            ("", "objects"),
        ];
        for (object_type, expected) in cases {
            assert_eq!(collection(object_type), expected, "{object_type}");
        }
    }

    #[test]
    fn a_plural_stays_as_it_is() {
        for plural in ["balance_settings", "treasury_financial_account_features", "orders"] {
            assert_eq!(collection(plural), plural);
        }
    }

    #[test]
    fn words_are_parted_by_underscores_however_they_are_written() {
        let cases = [
            ("Merge Request", "merge_requests"),
            ("pull-request", "pull_requests"),
            ("organizationMembership", "organization_memberships"),
            ("ORDER", "orders"),
            ("orderID", "order_ids"),
            ("a/b\\c$d\0e\"f", "a_b_c_d_e_fs"),
            ("größe", "größes"),
        ];
        for (object_type, expected) in cases {
            assert_eq!(collection(object_type), expected, "{object_type}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_type_gives_a_name_that_a_database_takes(object_type in ".*") {
            let name = collection(&object_type);
            proptest::prop_assert!(!name.is_empty());
            proptest::prop_assert!(name.chars().all(|letter| letter.is_alphanumeric() || letter == '_'), "{name}");
            proptest::prop_assert!(!name.starts_with("system."));
        }
    }
}
