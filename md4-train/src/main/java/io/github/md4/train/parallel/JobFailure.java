// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

/**
 * The failure that ends all processes of a job.
 *
 * @param text names the rank and the cause, in one line
 * @param code the exit code for all processes: 1 where the job may be tried again, 2 usage, 3 data,
 *     4 device
 * @param isKnownToFirst whether rank 0 has reported it; false for those who lost rank 0
 */
public record JobFailure(String text, int code, boolean isKnownToFirst) {
  /** The exit code of a lost process: the job may be tried again. */
  static final int FAILURE = 1;

  static final int USAGE = 2;
  static final int DATA = 3;
  static final int DEVICE = 4;

  /** A listener that ends the process, whose own threads may be waiting for those of others. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Is called once at most, on any thread.
     *
     * @param failure the failure, with the rank that it is of
     */
    void failed(JobFailure failure);

    /**
     * Is called now and then while the processes have not all met, on the thread that waits.
     *
     * @param text the ranks that it waits for, in a line
     */
    default void waiting(String text) {}
  }
}
