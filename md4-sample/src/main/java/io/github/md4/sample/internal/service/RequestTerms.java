// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.RequestLimits;

/**
 * The terms on which a request was taken.
 *
 * @param endsAt the value of {@link System#nanoTime} at its deadline; the greatest without one
 * @param positions the number of positions of its sequences
 */
record RequestTerms(RequestLimits limits, long endsAt, long positions) {

  /** Returns the terms of a request that begins now. */
  static RequestTerms now(RequestLimits limits, long positions) {
    return new RequestTerms(limits, limits.endsAt(System.nanoTime()), positions);
  }
}
