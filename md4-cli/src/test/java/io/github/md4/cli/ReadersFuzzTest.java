// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import com.github.luben.zstd.ZstdOutputStream;
import com.sun.management.ThreadMXBean;
import io.github.md4.cli.support.ExitCodes;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.token.HuggingFaceJson;
import io.github.md4.core.token.TokenFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/**
 * Damaged files of every kind that md4 reads. Each is read or refused in one line that names it:
 * nothing else is thrown, nothing hangs, and nothing takes memory that the file does not justify.
 *
 * <p>As many as fit into seconds; {@code scripts/fuzz.sh} runs more.
 */
@Tag("slow")
final class ReadersFuzzTest {
  private static final long SEED = Long.getLong("md4.fuzz.seed", 1);
  private static final int ROUNDS = Integer.getInteger("md4.fuzz.rounds", 8);
  private static final long MOST_NANOS = 20_000_000_000L;
  private static final long MOST_BYTES = 1L << 30;

  @TempDir private Path folder;

  private final List<Reader> readers = new ArrayList<>();
  private final List<String> failures = new ArrayList<>();

  /** A reader of a file. */
  private record Reader(Path file, Action action) {
    interface Action {
      void read(Path file) throws IOException;
    }
  }

  @Test
  void damagedFile_isReadOrRefused() throws IOException {
    addModel();
    addTokens();
    addDocuments();
    addImages();
    addRecords();
    for (Reader reader : readers) {
      reader.action.read(reader.file); // as it is, it is whole
    }
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      for (Reader reader : readers) {
        refused += isRefused(reader, new SplittableRandom(SEED + round)) ? 1 : 0;
      }
    }
    int all = ROUNDS * readers.size();
    System.out.printf("%d damaged files of %d kinds, %d refused%n", all, readers.size(), refused);
    assertThat(failures).isEmpty();
    assertThat(refused).isGreaterThan(all / 3);
  }

  private boolean isRefused(Reader reader, SplittableRandom random) throws IOException {
    byte[] whole = Files.readAllBytes(reader.file);
    byte[] damaged = new Mutations(random).of(whole);
    Files.write(reader.file, damaged);
    long start = System.nanoTime();
    long bytes = allocated();
    try {
      reader.action.read(reader.file);
      return false;
    } catch (InvalidDataException | InvalidConfigException e) {
      boolean isNamed = e.getMessage().contains(String.valueOf(reader.file.getParent()));
      if (!isNamed || e.getMessage().contains("\n")) {
        failures.add("%s: not named in one line: %s".formatted(reader.file, e.getMessage()));
      }
      return true;
    } catch (RuntimeException | IOException | Error e) {
      Path target = Files.createDirectories(Path.of("target", "fuzz"));
      String name = failures.size() + "-" + reader.file.getFileName();
      Path kept = Files.write(target.resolve(name), damaged);
      StackTraceElement at = e.getStackTrace().length > 0 ? e.getStackTrace()[0] : null;
      failures.add("%s: %s at %s".formatted(kept, e, at));
      return false;
    } finally {
      if (System.nanoTime() - start > MOST_NANOS || allocated() - bytes > MOST_BYTES) {
        failures.add("%s took too long or too much memory".formatted(reader.file));
      }
      Files.write(reader.file, whole);
    }
  }

  private static long allocated() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
  }

  private void add(Path file, Reader.Action action) {
    readers.add(new Reader(file, action));
  }

  /** Adds a reader that is a command. */
  private void addCommand(Path file, Object... words) {
    add(file, unused -> run(file, words));
  }

  private void run(Path file, Object... words) throws IOException {
    Path out = folder.resolve("out");
    Ran ran = Ran.md4(words);
    delete(out);
    if (ran.code() != ExitCodes.DONE) {
      String last = ran.err().lines().reduce((first, second) -> second).orElse("");
      assertThat(ran.code()).as(last).isIn(ExitCodes.USAGE, ExitCodes.DATA);
      assertThat(last).startsWith("md4: ").doesNotContain("--stacktrace");
      assertThat(ran.err()).doesNotContain("Exception", "\tat ");
      throw new InvalidDataException(file, last);
    }
  }

  private static void delete(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> all = Files.walk(tree)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private void addModel() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 5);
    for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
      add(
          model.resolve(name),
          file -> {
            try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
              SavedModel.load(model, Weights.EMA, manager, Precision.FLOAT32).close();
            }
          });
    }
  }

  private void addTokens() throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de fgh ".repeat(90));
    Path data = folder.resolve("data");
    Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    for (String name : List.of("valid.bin", "valid.json")) {
      add(
          data.resolve(name),
          file -> {
            try (TokenFile tokens = TokenFile.open(data.resolve("valid.bin"))) {
              int[] unused = tokens.read(0, (int) tokens.length());
              tokens.verify();
            }
          });
    }
    addVocabularies(text);
  }

  private void addVocabularies(Path text) throws IOException {
    Path symbols = Files.writeString(folder.resolve("symbols.txt"), "a\nb\nc\nd\ne\nf\ng\nh\n");
    addCommand(
        symbols,
        Ran.words(
            "data tokens --fractions 0.8,0.1 --documents lines --from",
            text,
            "--vocabulary",
            symbols,
            "--out",
            folder.resolve("out")));
    String json =
        """
        {"version":"1.0","added_tokens":[{"id":4,"content":"</s>","single_word":false,
         "lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":null,
         "pre_tokenizer":{"type":"WhitespaceSplit"},"post_processor":null,"decoder":null,
         "model":{"type":"WordLevel","vocab":{"<unk>":0,"a":1,"b":3},"unk_token":"<unk>"}}
        """;
    add(
        Files.writeString(folder.resolve("words.json"), json),
        file -> {
          HuggingFaceJson unused = HuggingFaceJson.load(file);
        });
  }

  private interface Packing {
    OutputStream of(OutputStream out) throws IOException;
  }

  private static byte[] packed(Packing packing, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = packing.of(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static ZipOutputStream zip(OutputStream out) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out);
    zip.putNextEntry(new ZipEntry("entry.npy"));
    return zip;
  }

  private void addDocuments() throws IOException {
    String line =
        "{\"id\": 1, \"meta\": {\"x\": [1, null]}, \"text\": \"a text of d\\u00e9but\"}\n";
    byte[] lines = line.repeat(30).getBytes(StandardCharsets.UTF_8);
    addDocument("a.jsonl", lines);
    addDocument("a.txt", lines);
    addDocument("b.jsonl.gz", packed(GZIPOutputStream::new, lines));
    addDocument("c.jsonl.xz", packed(out -> new XZOutputStream(out, new LZMA2Options()), lines));
    addDocument("d.jsonl.zst", packed(ZstdOutputStream::new, lines));
    addDocument("e.jsonl.zip", packed(ReadersFuzzTest::zip, lines));
    addDocument("f.parquet", Files.readAllBytes(ParquetFiles.write(folder.resolve("f.parquet"))));
  }

  private void addDocument(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    addCommand(
        file,
        Ran.words(
            "data tokens --fractions 0.8,0.1 --documents lines --vocabulary bytes --from",
            file,
            "--out",
            folder.resolve("out")));
  }

  private void addImages() throws IOException {
    byte[] header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (40, 3, 4), }\n"
            .getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream npy = new ByteArrayOutputStream();
    npy.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length, 0});
    npy.write(header);
    npy.write(new byte[40 * 3 * 4]);
    addImage("a.npy", npy.toByteArray());
    addImage("b.npz", packed(ReadersFuzzTest::zip, npy.toByteArray()));
    ByteArrayOutputStream idx = new ByteArrayOutputStream();
    idx.write(new byte[] {0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 4});
    idx.write(new byte[40 * 3 * 4]);
    addImage("c-idx3-ubyte", idx.toByteArray());
    addImage("d-idx3-ubyte.gz", packed(GZIPOutputStream::new, idx.toByteArray()));
    addImage("e.bin", new byte[3073 * 20]);
    for (String form : List.of("png", "jpg")) {
      Path pictures = Files.createDirectories(folder.resolve("pictures-" + form));
      for (int i = 0; i < 20; i++) {
        BufferedImage picture = new BufferedImage(5, 6, BufferedImage.TYPE_INT_RGB);
        picture.setRGB(i % 5, i % 6, 0x1F2F3F * i);
        ImageIO.write(picture, form, pictures.resolve(i + "." + form).toFile());
      }
      addCommand(
          pictures.resolve("7." + form),
          Ran.words("data images --from", pictures, "--out", folder.resolve("out")));
    }
  }

  private void addImage(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    addCommand(file, Ran.words("data images --from", file, "--out", folder.resolve("out")));
  }

  private void addRecords() throws IOException {
    Path model = TinyModel.OF_SEVEN.write(folder.resolve("traced"), 6);
    Path trace = folder.resolve("a.ndjson");
    Ran sampled =
        Ran.md4(
            Ran.words(
                "sample --count 2 --steps 4 --json --device cpu --model", model, "--trace", trace));
    assertThat(sampled.code()).isZero();
    addCommand(
        trace,
        "trace",
        trace,
        "--html",
        Files.createDirectories(folder.resolve("html")).resolve("a.html"));
  }
}
