// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.launch;

import io.github.md4.cli.failure.Usage;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.train.parallel.HeldPort;
import io.github.md4.train.parallel.Job;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 launch}. */
@Command(
    name = "launch",
    description =
        "Runs a command in several processes of this machine, which work together, one for each"
            + " GPU.",
    footer = {
      "%nA signal is passed on to all processes. Where one ends with an error, all end within 10"
          + " seconds. For several machines see docs/distributed.md.",
      "%nExamples:",
      "  md4 launch --processes 8 -- train --config FILE.yaml"
    },
    sortOptions = false)
public final class LaunchCommand implements Callable<Integer> {
  /** The commands whose processes divide the work; those of others would all do the same. */
  private static final List<String> DIVIDED =
      List.of("train", "bench", "evaluate", "sample", "infill", "sample-images");

  /** What completions offer. */
  private static final class Divided implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return DIVIDED.iterator();
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--processes",
      required = true,
      paramLabel = "N",
      converter = OptionTypes.Workers.class,
      description = "The number of processes.")
  private int processes;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      converter = OptionTypes.Port.class,
      description = "The port at which the first process listens. Default: one that is free.")
  private Integer port;

  @Parameters(
      arity = "1..*",
      paramLabel = "COMMAND",
      completionCandidates = Divided.class,
      description = "The command and its options, after --.")
  private List<String> command;

  @Override
  public Integer call() throws IOException, InterruptedException {
    Optional<String> named = command.stream().filter(word -> !word.startsWith("-")).findFirst();
    Usage.require(
        spec,
        named.isEmpty() || DIVIDED.contains(named.get()),
        "%s is not divided among processes; these are: %s"
            .formatted(named.orElse(""), String.join(", ", DIVIDED)));
    Usage.require(
        spec,
        Job.of(System.getenv()).size() == 1,
        "this process is one of a job already, by WORLD_SIZE or by srun; have that start %s itself"
            .formatted(named.orElse("the command")));
    try (HeldPort held = port == null ? HeldPort.choose() : chosenPort();
        ProcessGroup group =
            ProcessGroup.start(processes, held.number(), command, spec.commandLine().getErr())) {
      return group.await();
    }
  }

  private HeldPort chosenPort() throws IOException {
    try {
      return HeldPort.hold(port);
    } catch (IOException e) {
      throw new IOException(
          "port %d: %s; choose another with --port, or leave it out"
              .formatted(port, e.getMessage()),
          e);
    }
  }
}
