// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

/**
 * The bounds of the calls of a round.
 *
 * @param positions the most positions of a call
 * @param part the most of them that a request of weight 1 has
 */
record CallBounds(long positions, long part) {

  /** Returns the most positions that a request has in a call. */
  long partOf(NetworkJob job) {
    return part * job.weight();
  }
}
