/** A trust store in memory, for tests of what is done to stores and in which order. */

import { LocalTlsError } from "../../src/errors.ts";
import type {
  StoreChange,
  StoreKind,
  StoreState,
  TrustAnchor,
  TrustStore,
} from "../../src/truststore/store.ts";

/** Trusts what it is told to, and refuses what `refuse` says. */
export class FakeStore implements TrustStore {
  readonly kind: StoreKind = "nss";
  readonly label: string;
  readonly path: string;
  /** SHA-256 of the anchors that it trusts. */
  readonly trusted = new Set<string>();
  /** Called before a change; what it throws is the outcome. */
  refuse: (change: "add" | "remove", anchor: TrustAnchor) => void = () => {};
  /** Thrown by state(). */
  unreadable: LocalTlsError | undefined;

  constructor(label: string) {
    this.label = label;
    this.path = `/stores/${label}`;
  }

  state(anchor: TrustAnchor): Promise<StoreState> {
    if (this.unreadable !== undefined) return Promise.reject(this.unreadable);
    return Promise.resolve({ state: this.trusted.has(anchor.sha256) ? "trusted" : "absent" });
  }

  plan(): Promise<[]> {
    return Promise.resolve([]);
  }

  async add(anchor: TrustAnchor): Promise<StoreChange> {
    await Promise.resolve();
    this.refuse("add", anchor);
    this.trusted.add(anchor.sha256);
    return {};
  }

  async remove(anchor: TrustAnchor): Promise<StoreChange> {
    await Promise.resolve();
    this.refuse("remove", anchor);
    this.trusted.delete(anchor.sha256);
    return {};
  }
}
