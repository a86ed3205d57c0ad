// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

/**
 * The requests of a model at one moment, and its calls since it was loaded.
 *
 * @param running the number of requests that have begun and not ended
 * @param waiting the number of requests that have not begun
 * @param positions the number of positions of the sequences of all these requests
 * @param calls the number of calls of the network for samples and scores
 * @param sequences the number of sequences in all these calls; divided by the calls it is the mean
 *     size of a call
 */
public record ServiceCounts(int running, int waiting, long positions, long calls, long sequences) {}
