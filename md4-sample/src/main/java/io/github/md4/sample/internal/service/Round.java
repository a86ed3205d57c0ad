// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;

/**
 * A round of a {@link RequestScheduler}: a call that a request makes by itself, and calls for the
 * requests that can go on.
 *
 * @param number counts the rounds
 * @param task the call that a request makes by itself; null without one
 * @param jobs those first that waited the longest
 */
record Round(long number, FutureTask<?> task, List<NetworkJob> jobs) {

  /** Makes the call that a request makes by itself, if there is one. */
  void runTask() {
    if (task != null) {
      task.run();
    }
  }

  /** Returns the requests of each call. */
  Map<NetworkJob.Key, List<NetworkJob>> groups() {
    Map<NetworkJob.Key, List<NetworkJob>> groups = new LinkedHashMap<>();
    for (NetworkJob job : jobs) {
      groups.computeIfAbsent(job.key(), key -> new ArrayList<>()).add(job);
    }
    return groups;
  }
}
