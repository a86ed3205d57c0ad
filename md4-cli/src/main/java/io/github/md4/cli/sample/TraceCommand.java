// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.sample;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.option.OptionTypes;
import io.github.md4.cli.plot.RevealPlot;
import io.github.md4.cli.screen.Terminal;
import io.github.md4.cli.trace.HtmlPage;
import io.github.md4.cli.trace.Ink;
import io.github.md4.cli.trace.TerminalPlayer;
import io.github.md4.sample.trace.Trace;
import io.github.md4.sample.trace.TraceReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 trace}. */
@Command(
    name = "trace",
    description =
        "Plays the traces that md4 sample --trace writes: the steps by which samples came about.",
    sortOptions = false,
    footer = {
      "%nExamples:",
      "  md4 sample runs/quickstart --trace trace.ndjson",
      "  md4 trace trace.ndjson",
      "  md4 trace trace.ndjson --html trace.html"
    })
public final class TraceCommand implements Callable<Integer> {
  private static final long MILLIS = 1000;
  private static final int DEFAULT_STILLS = 8;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..2",
      paramLabel = "FILE.ndjson",
      description = "A trace. --html takes two, and shows them side by side.")
  private List<Path> files;

  @Option(
      names = "--sample",
      paramLabel = "INDEX",
      description = "The sequence of the trace. Default: the first.")
  private Long sample;

  @Option(
      names = "--speed",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description = "The number of calls of the network shown a second. Default: ${DEFAULT-VALUE}.")
  private int speed = 15;

  @Option(
      names = "--stills",
      paramLabel = "N",
      converter = OptionTypes.Count.class,
      description =
          "Print N states one below another instead of playing. Default: play in a terminal,"
              + " print "
              + DEFAULT_STILLS
              + " elsewhere.")
  private Integer stills;

  @Option(
      names = "--html",
      paramLabel = "OUT.html",
      description = "Write a page that plays it in a browser instead.")
  private Path html;

  @Option(
      names = "--plot",
      paramLabel = "OUT.png",
      description =
          "Draw the number of tokens that each step reveals instead, beside those of linear and"
              + " cosine schedules (the paper's Figure 2, right).")
  private Path plot;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (files.size() > 1 && html == null) {
      throw new ParameterException(spec.commandLine(), "two traces require --html");
    }
    List<Trace> traces = new ArrayList<>();
    for (Path file : files) {
      traces.add(TraceReader.read(file));
    }
    if (html != null) {
      new HtmlPage(traces).write(html);
      spec.commandLine().getOut().println("written to " + html);
    }
    if (plot != null) {
      new RevealPlot(traces.get(0)).write(plot);
      spec.commandLine().getOut().println("written to " + plot);
    }
    if (html == null && plot == null) {
      if (traces.get(0).header().image().isPresent()) {
        throw new ParameterException(
            spec.commandLine(), "a trace of images requires --html or --plot");
      }
      show(traces.get(0));
    }
    return ExitCodes.DONE;
  }

  private void show(Trace trace) throws InterruptedException {
    boolean isTerminal = Terminal.isStdout();
    Ink ink = isTerminal && Terminal.hasColors() ? new Ink.Colors() : new Ink.Plain();
    TerminalPlayer player =
        new TerminalPlayer(
            spec.commandLine().getOut(), ink, history(trace), trace.header().separator());
    if (isTerminal && stills == null) {
      player.play(MILLIS / speed, Terminal.columns());
    } else {
      player.stills(stills == null ? DEFAULT_STILLS : stills);
    }
  }

  private Trace.History history(Trace trace) {
    if (sample == null) {
      return trace.histories().get(0);
    }
    return trace.histories().stream()
        .filter(history -> history.sample() == sample)
        .findFirst()
        .orElseThrow(
            () ->
                new ParameterException(
                    spec.commandLine(),
                    "Invalid value for option '--sample': the trace has the sequences %s: %d"
                        .formatted(
                            trace.histories().stream().map(Trace.History::sample).toList(),
                            sample)));
  }
}
