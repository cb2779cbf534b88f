//! Loading from Google Cloud Storage and from Azure Blob Storage into stores on them: how URLs, settings and credentials of
//! the environment come together, against a stand-in that speaks as much of either as this takes. That brunt works with
//! an object store at all is shown on S3.

mod bucket;

use bucket::Bucket;

use super::{Place, Ran, count};

const LOGS: [(&str, &str); 3] = [
    ("a/one.jsonl", "{\"ts\":\"2025-10-28T14:00:01Z\",\"message\":\"one\"}\n"),
    ("a/two words.jsonl", "{\"ts\":\"2025-10-28T14:00:02Z\",\"message\":\"two\"}\n"),
    ("b/three.jsonl", "{\"ts\":\"2025-10-28T14:00:03Z\",\"message\":\"three\"}\n"),
];

/// Loads from below `url`, and into a store below it.
fn works(url: &str, environment: &[(&str, &str)]) {
    let place = Place::new();
    let run = |arguments: &[&str]| -> Ran {
        place.ran(place.command(arguments).envs(environment.iter().copied()))
    };
    let ran = run(&["load", "--table", "logs", &format!("{url}/a")]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("{url}/a/two%20words.jsonl")), "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "2");
    let ran = run(&["load", "--table", "logs", &format!("{url}/*/t*.jsonl")]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert_eq!(count(&place, "SELECT count(*) FROM logs"), "3");
    let ran = run(&["load", &format!("{url}/nothing/here")]);
    assert_eq!((ran.status, ran.err.contains("no object is there")), (3, true), "{ran:?}");

    let store = format!("{url}/store");
    let store = |arguments: &[&str]| run(&[&["--store", &store], arguments].concat());
    for object in ["a", "b/three.jsonl"] {
        let ran = store(&["load", "--table", "logs", &format!("{url}/{object}")]);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
    let ran = store(&["sql", "--format", "csv", "SELECT body FROM logs ORDER BY ts"]);
    assert_eq!(ran.out, "body\none\ntwo\nthree\n", "{ran:?}");
}

#[test]
fn google_cloud_storage_is_loaded_from_and_stored_on() {
    let bucket = Bucket::serve("/exports/", &LOGS);
    // The form of an account's key that is meant for a server of one's own.
    let account = format!(
        r#"{{"gcs_base_url":"http://{}","disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}}"#,
        bucket.address
    );
    let environment = [("GOOGLE_SERVICE_ACCOUNT_KEY", &*account), ("GOOGLE_ALLOW_HTTP", "true")];
    works("gs://exports", &environment);
}

#[test]
fn azure_blob_storage_is_loaded_from_and_stored_on() {
    let bucket = Bucket::serve("/devstoreaccount1/exports/", &LOGS);
    let url = format!("http://{}", bucket.address);
    works(
        "az://exports",
        &[("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", &url)],
    );
}
