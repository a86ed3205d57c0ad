// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.configs;

import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.cli.file.OutputFile;
import io.github.md4.cli.model.ModelOptions;
import io.github.md4.cli.report.TypedName;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.train.data.image.Labels;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code md4 config init}. */
@Command(
    name = "init",
    description =
        "Writes a config for the data of a folder. Whether they are a text, documents or images,"
            + " their vocabulary and classes are read from the data; the sizes fit the device, and"
            + " on a CPU are those of the tutorials.",
    sortOptions = false,
    footer = {"%nExamples:", "  md4 config init data/book --out book.yaml"})
final class ConfigInitCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DATA", description = "The folder that md4 data has written.")
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "FILE.yaml",
      description = "The file to write. Default: print it.")
  private Path out;

  @Option(names = "--device", paramLabel = ModelOptions.DEVICES, description = ModelOptions.DEVICE)
  private DeviceChoice device = new DeviceChoice.Fastest();

  @Override
  public Integer call() throws IOException {
    checkIsNoFile();
    Path train = data.resolve("train.bin");
    String text;
    try (TokenFile tokens = TokenFile.open(train)) {
      TokenFileInfo info =
          tokens
              .info()
              .orElseThrow(
                  () ->
                      new InvalidDataException(
                          train, "has no JSON file beside it; make both with md4 data"));
      Path heldOut = FirstConfig.heldOut(data);
      FirstConfig first =
          new FirstConfig(
              data, info, heldOut, length(heldOut), classes(train), device.find().isGpu());
      first.note().ifPresent(note -> spec.commandLine().getErr().println("md4: " + note));
      text = first.text();
    }
    if (out == null) {
      spec.commandLine().getOut().print(text);
      return ExitCodes.DONE;
    }
    if (Files.exists(out)) {
      throw new FileAlreadyExistsException(
          out.toString(), null, "exists already; name another file, or remove this one");
    }
    OutputFile.write(out, text);
    spec.commandLine()
        .getOut()
        .println(out + TypedName.next("train", out).map("; "::concat).orElse(""));
    return ExitCodes.DONE;
  }

  private void checkIsNoFile() {
    if (!Files.isRegularFile(data)) {
      return;
    }
    throw new InvalidDataException(
        data,
        data.toString().endsWith(".bin")
            ? "is a file; name its folder"
            : "is a file; name a folder that md4 data has written, as by "
                + TypedName.get()
                + " data text --from FILE --vocabulary chars --out data/NAME");
  }

  private static long length(Path tokens) throws IOException {
    try (TokenFile file = TokenFile.open(tokens)) {
      return file.length();
    }
  }

  private static int classes(Path train) throws IOException {
    if (!Labels.areBeside(train)) {
      return 0;
    }
    try (TokenFile labels = TokenFile.open(Labels.beside(train))) {
      return labels.info().map(TokenFileInfo::vocabularySize).orElse(0);
    }
  }
}
