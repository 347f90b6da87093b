//! Fetches a URL with reqwest: `fetch rustls|native-tls URL`.

use reqwest::blocking::Client;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [back_end, url] = words.as_slice() else {
        return Err("usage: fetch rustls|native-tls URL".into());
    };
    let client = match back_end.as_str() {
        "rustls" => {
            let _ = rustls::crypto::ring::default_provider().install_default();
            Client::builder().use_rustls_tls()
        }
        "native-tls" => Client::builder().use_native_tls(),
        other => return Err(format!("there is no {other}").into()),
    };
    println!("{}", client.build()?.get(url).send()?.text()?);
    Ok(())
}
