// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import java.time.Duration;

/**
 * The limits of the server.
 *
 * @param body the most bytes of a request's body
 * @param concurrency the most requests for samples and scores that run at once
 * @param reading the time in which a request's body must arrive
 * @param time the time after which a request fails, counted from the end of its body
 * @param grace the time that running requests get once a signal has come
 */
record ServeLimits(int body, int concurrency, Duration reading, Duration time, Duration grace) {

  /** Returns one mebibyte, 256 requests, 10 seconds, five minutes and 30 seconds. */
  static ServeLimits defaults() {
    return new ServeLimits(
        1 << 20, 256, Duration.ofSeconds(10), Duration.ofMinutes(5), Duration.ofSeconds(30));
  }
}
