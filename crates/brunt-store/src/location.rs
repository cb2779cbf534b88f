//! Where a store is: a folder, memory, or an object store, all behind one interface.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::memory::InMemory;
use object_store::path::Path;
use url::Url;

use crate::disk::{DiskStore, SystemDisk};
use crate::error::Error;
use crate::file_cache::FileCache;

/// How to reach a store.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Settings of the object store by their usual names (`aws_endpoint`, `aws_access_key_id`, …), which win over
    /// the environment's.
    pub object_store: Vec<(String, String)>,
}

/// An object store and the root of ours in it.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// Ends with `/`.
    pub(crate) url: Url,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) root: Path,
    pub(crate) cache: Arc<FileCache>,
}

impl Location {
    pub(crate) fn new(objects: Arc<dyn ObjectStore>, mut url: Url) -> Result<Self, Error> {
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let root = Path::from_url_path(url.path())
            .map_err(|err| Error::InvalidUrl { url: url.to_string(), reason: err.to_string() })?;
        Ok(Self { url, objects, root, cache: Arc::default() })
    }

    /// A place in memory that nobody else has.
    pub(crate) fn in_memory() -> Result<Self, Error> {
        Self::new(Arc::new(InMemory::new()), parse_url("memory:///")?)
    }

    /// Takes `path/to/folder`, `file:///…`, `memory:///`, `s3://bucket/folder`, `gs://…`, `az://…`.
    pub(crate) fn open(place: &str, options: &StoreOptions) -> Result<Self, Error> {
        let url = if place.contains("://") { parse_url(place)? } else { folder_url(place)? };
        match url.scheme() {
            "file" => {
                // `file://host/…` and `file:///a/../b` both come out as one absolute path or not at all.
                let path = url.to_file_path().map_err(|()| Error::InvalidUrl {
                    url: place.to_owned(),
                    reason: "it is not the path of a local folder".to_owned(),
                })?;
                let url = folder_url(&path.to_string_lossy())?;
                Self::new(Arc::new(DiskStore::new(Arc::new(SystemDisk))), url)
            }
            "memory" => Self::in_memory(),
            _ => Self::new(object_store(&url, options)?, url),
        }
    }

    /// The path of an object given relative to the root, such as `_brunt/store.json`.
    pub(crate) fn path(&self, relative: &str) -> Path {
        relative.split('/').fold(self.root.clone(), Path::join)
    }
}

fn parse_url(text: &str) -> Result<Url, Error> {
    Url::parse(text)
        .map_err(|err| Error::InvalidUrl { url: text.to_owned(), reason: err.to_string() })
}

fn folder_url(folder: &str) -> Result<Url, Error> {
    let invalid = |reason: String| Error::InvalidUrl { url: folder.to_owned(), reason };
    let path = std::path::absolute(folder).map_err(|err| invalid(err.to_string()))?;
    Url::from_directory_path(path).map_err(|()| invalid("it is not a folder's path".to_owned()))
}

/// The object store of a URL: `s3://bucket/…` (and what speaks its language), `gs://bucket/…`, `az://container/…`.
///
/// Credentials and endpoints come from the environment by their usual names (`AWS_…`, `GOOGLE_…`, `AZURE_…`), and from
/// the options, which win.
///
/// # Errors
/// [`Error::InvalidUrl`] where the URL is of another kind or a setting is wrong.
pub fn object_store(url: &Url, options: &StoreOptions) -> Result<Arc<dyn ObjectStore>, Error> {
    let invalid = |err: object_store::Error| Error::InvalidUrl {
        url: url.to_string(),
        reason: err.to_string(),
    };
    let settings = &options.object_store;
    Ok(match url.scheme() {
        "s3" | "s3a" => {
            // Conditional puts are If-None-Match, which S3, MinIO, R2, Ceph and moto have.
            let mut builder =
                AmazonS3Builder::from_env().with_conditional_put(S3ConditionalPut::ETagMatch);
            for (key, value) in settings {
                builder = builder.with_config(key.parse().map_err(invalid)?, value);
            }
            Arc::new(builder.with_url(url.as_str()).build().map_err(invalid)?)
        }
        "gs" => {
            let mut builder = GoogleCloudStorageBuilder::from_env();
            for (key, value) in settings {
                builder = builder.with_config(key.parse().map_err(invalid)?, value);
            }
            Arc::new(builder.with_url(url.as_str()).build().map_err(invalid)?)
        }
        "az" | "abfs" | "abfss" => {
            let mut builder = MicrosoftAzureBuilder::from_env();
            for (key, value) in settings {
                builder = builder.with_config(key.parse().map_err(invalid)?, value);
            }
            Arc::new(builder.with_url(url.as_str()).build().map_err(invalid)?)
        }
        scheme => {
            return Err(Error::InvalidUrl {
                url: url.to_string(),
                reason: format!("\"{scheme}\" is none of file, s3, gs, az, memory"),
            });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_its_url_are_the_same_place() {
        let options = StoreOptions::default();
        let by_path = Location::open("/tmp/a b/store", &options).unwrap();
        let by_url = Location::open("file:///tmp/a%20b/x/../store/", &options).unwrap();
        assert_eq!(by_path.url.as_str(), "file:///tmp/a%20b/store/");
        assert_eq!(by_path.url, by_url.url);
        assert_eq!(by_path.path("_brunt/store.json").as_ref(), "tmp/a b/store/_brunt/store.json");
    }

    #[test]
    fn a_bucket_keeps_its_folder() {
        let options =
            StoreOptions { object_store: vec![("aws_region".into(), "eu-north-1".into())] };
        let place = Location::open("s3://bucket/team/store", &options).unwrap();
        assert_eq!(place.url.as_str(), "s3://bucket/team/store/");
        assert_eq!(place.path("logs").as_ref(), "team/store/logs");
    }

    #[test]
    fn what_is_no_place_for_a_store_says_why() {
        for (place, reason) in [
            ("https://example.com/x", "\"https\" is none of file, s3, gs, az, memory"),
            ("file://host/x", "it is not the path of a local folder"),
        ] {
            let err = Location::open(place, &StoreOptions::default()).unwrap_err();
            assert_eq!(err.to_string(), format!("store URL \"{place}\" is not usable: {reason}"));
        }
    }
}
