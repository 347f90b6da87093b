/**
 * What tests see of a browser, whichever it is.
 *
 * @module
 */

/** A request that the browser gave up. */
export interface FailedRequest {
  readonly url: string;
  /** The browser's own name: `net::ERR_CERT_AUTHORITY_INVALID`, `net::ERR_FAILED`. */
  readonly errorText: string;
  /** Why CORS forbade it: `MissingAllowOriginHeader`, `PreflightMissingAllowOriginHeader`, ... */
  readonly corsError?: string;
}

/** A page after it has loaded, or has not. */
export interface VisitedPage {
  /** The text a person reads: the page's, or that of the browser's error page. */
  readonly text: string;
  /**
   * Why the page itself was refused, in the browser's own words (`net::ERR_CERT_AUTHORITY_INVALID`,
   * `SEC_ERROR_UNKNOWN_ISSUER`); undefined for a page that was shown.
   */
  readonly errorText?: string;
  /** What failed underneath. Firefox does not tell. */
  readonly requests: readonly FailedRequest[];
  /** Lines of the console. Firefox does not tell. */
  readonly console: readonly string[];
}

/** Options of {@link Browser.open}. */
export interface OpenOptions {
  /** The page is done when its text fits, instead of when nothing is being loaded any more. */
  readonly until?: RegExp;
}

/** A real browser without a window. */
export interface Browser {
  /** Goes there in a new tab, waits until the page is done, and says what is to be seen. */
  open(url: string, options?: OpenOptions): Promise<VisitedPage>;
  /** Writes a PNG of the page that was opened last. */
  screenshot(file: string): Promise<void>;
  /** Ends the browser and all its processes. */
  close(): Promise<void>;
}
