// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import io.github.md4.core.InvalidConfigException;
import java.util.Map;
import java.util.Objects;

/**
 * The place of a process among the processes of a job, as the variables of torchrun or Slurm state
 * it.
 *
 * @param rank the number of this process, in [0, size)
 * @param size the number of processes, at least 1
 * @param localRank the number of this process among those of its machine, from 0; it chooses the
 *     GPU
 * @param address the name or address of the machine of rank 0
 * @param port the TCP port at which rank 0 listens, in [0, 65535]
 * @param token a text that tells the processes of this job from strangers; may be empty
 */
public record Job(int rank, int size, int localRank, String address, int port, String token) {
  private static final Job ALONE = new Job(0, 1, 0, "localhost", 0, "");
  private static final int DEFAULT_PORT = 29500;
  private static final int HIGHEST_PORT = 65_535;

  /** Ports that Slurm jobs choose from by their number. */
  private static final int SLURM_PORTS = 20_000;

  /** Between the ports of two steps of a job, so that they are not those of the next jobs. */
  private static final int STEP_STRIDE = 7919;

  /**
   * Checks rank and size.
   *
   * @param rank the number of this process, in [0, size)
   * @param size the number of processes, at least 1
   * @param localRank the number of this process among those of its machine, from 0; it chooses the
   *     GPU
   * @param address the name or address of the machine of rank 0
   * @param port the TCP port at which rank 0 listens, in [0, 65535]
   * @param token a text that tells the processes of this job from strangers; may be empty
   * @throws IllegalArgumentException if {@code rank} is not in [0, size), {@code localRank} is
   *     negative, or {@code port} is not in [0, 65535]
   * @throws NullPointerException if {@code address} or {@code token} is null
   */
  public Job {
    if (size < 1 || rank < 0 || rank >= size || localRank < 0 || port < 0 || port > HIGHEST_PORT) {
      throw new IllegalArgumentException(
          "no place in a job: rank %d of %d, local rank %d, port %d"
              .formatted(rank, size, localRank, port));
    }
    Objects.requireNonNull(address, "address");
    Objects.requireNonNull(token, "token");
  }

  /** {@return the job of a process that is alone: rank 0 of 1} */
  public static Job alone() {
    return ALONE;
  }

  /**
   * {@return the job that the environment describes: by {@code RANK}, {@code WORLD_SIZE}, {@code
   * LOCAL_RANK}, {@code MASTER_ADDR} and {@code MASTER_PORT}, or by the variables that Slurm's
   * {@code srun} sets; alone without them}
   *
   * @param environment the environment's variables, such as {@link System#getenv()}
   * @throws InvalidConfigException if one of them is missing or wrong; the message names it
   */
  public static Job of(Map<String, String> environment) {
    if (environment.containsKey("WORLD_SIZE") || environment.containsKey("RANK")) {
      return ofTorchrun(environment);
    }
    // In a batch script Slurm sets the numbers of the job too; those of a step are srun's alone.
    boolean isStep =
        environment.containsKey("SLURM_STEP_NUM_TASKS") && environment.containsKey("SLURM_PROCID");
    return isStep ? ofSlurm(environment) : ALONE;
  }

  private static Job ofTorchrun(Map<String, String> environment) {
    int size = number(environment, "WORLD_SIZE", 1, Integer.MAX_VALUE);
    int rank = number(environment, "RANK", 0, size - 1);
    if (size == 1) {
      return ALONE;
    }
    int localRank =
        environment.containsKey("LOCAL_RANK")
            ? number(environment, "LOCAL_RANK", 0, Integer.MAX_VALUE)
            : rank;
    int port = port(environment, DEFAULT_PORT);
    // torchrun's agent then listens at the port itself.
    boolean isTaken = "True".equals(environment.get("TORCHELASTIC_USE_AGENT_STORE"));
    return new Job(
        rank,
        size,
        localRank,
        text(environment, "MASTER_ADDR"),
        isTaken ? port + 1 : port,
        environment.getOrDefault("TORCHELASTIC_RUN_ID", environment.getOrDefault("MD4_JOB", "")));
  }

  private static Job ofSlurm(Map<String, String> environment) {
    int size = number(environment, "SLURM_STEP_NUM_TASKS", 1, Integer.MAX_VALUE);
    int rank = number(environment, "SLURM_PROCID", 0, size - 1);
    if (size == 1) {
      return ALONE;
    }
    int job = number(environment, "SLURM_JOB_ID", 0, Integer.MAX_VALUE);
    int step = environment.containsKey("SLURM_STEP_ID") ? step(environment) : 0;
    String address =
        environment.containsKey("MASTER_ADDR")
            ? text(environment, "MASTER_ADDR")
            : firstHost(text(environment, "SLURM_STEP_NODELIST"));
    return new Job(
        rank,
        size,
        number(environment, "SLURM_LOCALID", 0, Integer.MAX_VALUE),
        address,
        port(
            environment, SLURM_PORTS + Math.floorMod(job + (long) STEP_STRIDE * step, SLURM_PORTS)),
        "slurm %d.%d".formatted(job, step));
  }

  /** Returns the number of a step, of which a job may have several at once. */
  private static int step(Map<String, String> environment) {
    return number(environment, "SLURM_STEP_ID", 0, Integer.MAX_VALUE);
  }

  /** Returns the first host of a list of Slurm's, such as {@code rack[1-2]node[03-07,9],login}. */
  static String firstHost(String list) {
    return list.replaceAll("\\[([^\\],-]+)[^\\]]*\\]", "$1").replaceFirst(",.*", "");
  }

  private static int port(Map<String, String> environment, int otherwise) {
    return environment.containsKey("MASTER_PORT")
        ? number(environment, "MASTER_PORT", 1, HIGHEST_PORT - 1)
        : otherwise;
  }

  private static int number(Map<String, String> environment, String name, int least, int most) {
    String text = text(environment, name);
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException unused) {
      // said below
    }
    throw new InvalidConfigException(
        name, "must be a number from %d to %d: %s".formatted(least, most, text));
  }

  private static String text(Map<String, String> environment, String name) {
    String text = environment.getOrDefault(name, "").strip();
    if (text.isEmpty()) {
      throw new InvalidConfigException(
          name, "must be set in the environment of each of a job's processes");
    }
    return text;
  }
}
