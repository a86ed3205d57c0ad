// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.doctor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.StandardCapabilities;
import io.github.md4.cli.engine.DeviceChoice;
import io.github.md4.cli.engine.EngineFailures;
import io.github.md4.cli.engine.Libtorch;
import io.github.md4.cli.engine.NvidiaDriver;
import io.github.md4.cli.engine.SupportedPlatforms;
import io.github.md4.cli.engine.SystemMemory;
import io.github.md4.cli.failure.FailureLine;
import io.github.md4.cli.failure.FontFailures;
import io.github.md4.cli.report.Bytes;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.GpuMemory;
import io.github.md4.core.internal.cuda.KernelCache;
import io.github.md4.core.internal.image.ConvolutionCheck;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.internal.torch.CublasLtLibrary;
import io.github.md4.core.internal.torch.EngineThreads;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** The examination of the machine that this process runs on. */
final class Examination {
  private static final long GIB = 1L << 30;

  /** What libtorch for a CPU takes in the cache, and that for CUDA. */
  private static final long UNPACKED_CPU = GIB / 2;

  private static final long UNPACKED_CUDA = 5 * GIB;
  private static final long LITTLE_MEMORY = 2 * GIB;
  private static final long LITTLE_DISK = 2 * GIB;

  private Examination() {}

  /** Returns the findings, in the order in which a training comes to need the parts. */
  static List<Finding> run() throws IOException {
    List<Finding> findings = new ArrayList<>();
    findings.add(system());
    findings.add(java());
    findings.add(names());
    findings.add(cache());
    findings.add(engine());
    images().ifPresent(findings::add);
    findings.add(gpu());
    findings.add(kernels());
    products().ifPresent(findings::add);
    findings.add(memory());
    findings.add(disk("disk", Path.of("").toAbsolutePath(), "runs and data"));
    findings.add(disk("temp", Path.of(System.getProperty("java.io.tmpdir")), "temporary files"));
    findings.add(fonts());
    return findings;
  }

  private static Finding system() {
    String detail =
        "%s %s, %s, %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"),
                Counted.of(Runtime.getRuntime().availableProcessors(), "processor"));
    Optional<String> complaint = SupportedPlatforms.complaint();
    return complaint.isPresent()
        ? Finding.broken("system", detail, complaint.get())
        : Finding.ok("system", detail);
  }

  private static Finding java() {
    return Finding.ok(
        "Java",
        "%s (%s, %s), at most %s of heap"
            .formatted(
                Runtime.version(),
                System.getProperty("java.vendor"),
                System.getProperty("java.home"),
                Bytes.text(Runtime.getRuntime().maxMemory())));
  }

  /** Paths and arguments are read in the encoding of the locale. */
  private static Finding names() {
    String encoding = System.getProperty("sun.jnu.encoding", "");
    boolean isUtf8 =
        !encoding.isEmpty()
            && Charset.isSupported(encoding)
            && Charset.forName(encoding).equals(StandardCharsets.UTF_8);
    return isUtf8
        ? Finding.ok("names", "paths and arguments are UTF-8")
        : Finding.remark(
            "names",
            "paths and arguments are " + encoding + ": letters beyond it are lost",
            "start md4 by bin/md4, or set LC_ALL=C.UTF-8");
  }

  private static Finding cache() throws IOException {
    Path cache = EngineFailures.cache();
    String detail = "%s, DJL %s".formatted(cache, Engine.getDjlVersion());
    String other = "name another folder: " + EngineFailures.CACHE_VARIABLE + "=FOLDER";
    Path existing = existing(cache.toAbsolutePath());
    if (!Files.isDirectory(existing)) {
      return Finding.broken("cache", detail + "; %s is no folder".formatted(existing), other);
    }
    Optional<Libtorch> packaged = Libtorch.packaged();
    if (packaged.isPresent() && packaged.get().isUnpackedIn(cache)) {
      return Finding.ok("cache", detail + ", filled");
    }
    if (!isWritable(existing)) {
      return Finding.broken("cache", detail + "; %s cannot be written".formatted(existing), other);
    }
    long free = Files.getFileStore(existing).getUsableSpace();
    boolean isForCuda = packaged.map(Libtorch::isForCuda).orElse(false);
    long needed = isForCuda ? UNPACKED_CUDA : UNPACKED_CPU;
    return free < needed
        ? Finding.broken(
            "cache",
            detail + "; %s are free, %s needed".formatted(Bytes.text(free), Bytes.text(needed)),
            "make room, or " + other)
        : Finding.ok("cache", detail + ", filled at first use; " + Bytes.text(free) + " are free");
  }

  private static Path existing(Path path) {
    Path existing = path;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    return existing;
  }

  /** Returns whether a file can be made there; the rights alone do not tell. */
  private static boolean isWritable(Path folder) {
    try {
      Path file = Files.createTempFile(folder, ".md4-doctor", "");
      Files.delete(file);
      return true;
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  private static Finding engine() {
    try {
      DeviceChoice.checkLibraries();
      Engine engine = Engine.getInstance();
      return Finding.ok(
          "libtorch",
          "%s %s, %s, %s"
              .formatted(
                  engine.getEngineName(),
                  engine.getVersion(),
                  hasCuda() ? "built for CUDA" : "built for the CPU",
                  Counted.of(EngineThreads.count(), "thread")));
    } catch (RuntimeException | LinkageError e) {
      return EngineFailures.of(e)
          .map(known -> Finding.broken("libtorch", "does not start", known.getMessage()))
          .orElseGet(
              () ->
                  Finding.broken(
                      "libtorch",
                      "does not start",
                      FailureLine.of(e) + "; md4 doctor --stacktrace says where"));
    }
  }

  private static boolean hasCuda() {
    return Engine.getInstance().hasCapability(StandardCapabilities.CUDA);
  }

  /** Returns nothing where the engine does not start, which has a finding of its own. */
  private static Optional<Finding> images() {
    try {
      return Optional.of(
          Finding.ok(
              "images",
              ConvolutionCheck.isRight(Device.cpu())
                  ? "libtorch convolves any number of channels on this processor"
                  : "libtorch convolves some numbers of channels wrongly on this processor; md4"
                      + " fills them up with zeros, so that its results are right"));
    } catch (RuntimeException | LinkageError e) {
      return Optional.empty();
    }
  }

  private static Finding gpu() throws IOException {
    Optional<NvidiaDriver> driver = NvidiaDriver.loaded();
    boolean isForCuda = Libtorch.packaged().map(Libtorch::isForCuda).orElse(false);
    if (driver.isEmpty()) {
      return isForCuda
          ? Finding.remark(
              "GPU",
              "no NVIDIA driver is loaded, but this build is for CUDA",
              "install driver "
                  + NvidiaDriver.OLDEST
                  + " or later, or build for the CPU: mvn -Dmaven.test.skip=true package")
          : Finding.ok("GPU", "no NVIDIA driver is loaded; networks run on the CPU");
    }
    String detail = "NVIDIA driver " + driver.get().version();
    if (driver.get().isTooOld()) {
      return Finding.remark(
          "GPU",
          detail + " is too old for CUDA 12.1",
          "install driver "
              + NvidiaDriver.OLDEST
              + " or later; until then networks run on the CPU");
    }
    try {
      if (!hasCuda()) {
        return Finding.remark(
            "GPU",
            detail + ", but this build is for the CPU alone",
            "build for CUDA: mvn -Pcuda -Dmaven.test.skip=true package");
      }
      int count = Engine.getInstance().getGpuCount();
      return count == 0
          ? Finding.broken("GPU", detail + ", but it shows no GPU", "look at nvidia-smi")
          : Finding.ok("GPU", detail + ", " + gpus(count));
    } catch (RuntimeException | LinkageError e) {
      return Finding.broken("GPU", detail + ", but libtorch does not start", "mend libtorch first");
    }
  }

  /** Returns what is known of the library for products that the user names, if one is named. */
  private static Optional<Finding> products() {
    try {
      return CublasLtLibrary.named()
          .map(
              named ->
                  Finding.ok("products", named.description() + ", in training on a Hopper GPU"));
    } catch (DeviceException e) {
      return Optional.of(
          Finding.broken("products", e.getMessage(), "name another file, or none: docs/gpu.md"));
    }
  }

  private static String gpus(int count) {
    List<String> each = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      each.add("gpu:" + i + GpuMemory.read(ai.djl.Device.gpu(i)).map(Examination::free).orElse(""));
    }
    return String.join(", ", each);
  }

  private static String free(GpuMemory.Use use) {
    return " with %s free of %s"
        .formatted(Bytes.text(use.size() - use.used()), Bytes.text(use.size()));
  }

  /** Kernels that were compiled on this machine, for whichever GPU. */
  private static Finding kernels() throws IOException {
    Path folder = KernelCache.defaultFolder();
    KernelCache.Contents kept = KernelCache.contents(folder);
    String detail =
        "%s, %s, %s"
            .formatted(
                folder, Counted.of(kept.entries(), "compiled kernel"), Bytes.text(kept.bytes()));
    return isWritable(existing(folder.toAbsolutePath()))
        ? Finding.ok("kernels", detail)
        : Finding.remark(
            "kernels",
            detail + "; the folder cannot be written: a GPU's kernels are compiled at each start",
            "name another folder: " + EngineFailures.CACHE_VARIABLE + "=FOLDER");
  }

  private static Finding memory() throws IOException {
    OptionalLong free = SystemMemory.available();
    if (free.isEmpty()) {
      return Finding.ok("memory", "this system does not tell how much is free");
    }
    String detail = Bytes.text(free.getAsLong()) + " are free";
    return free.getAsLong() < LITTLE_MEMORY
        ? Finding.remark(
            "memory",
            detail,
            "end other programs, or keep Java's part small: MD4_JAVA_OPTS=-Xmx512m")
        : Finding.ok("memory", detail);
  }

  private static Finding disk(String part, Path folder, String use) throws IOException {
    Path existing = existing(folder);
    String detail = "%s, for %s".formatted(folder, use);
    if (!isWritable(existing)) {
      return Finding.broken(
          part, detail + "; it cannot be written", "start md4 elsewhere, or free some room there");
    }
    long free = Files.getFileStore(existing).getUsableSpace();
    detail += "; %s are free".formatted(Bytes.text(free));
    return free < LITTLE_DISK
        ? Finding.remark(part, detail, "make room: a checkpoint takes 16 bytes a parameter")
        : Finding.ok(part, detail);
  }

  /** Draws a word as plots do. */
  private static Finding fonts() {
    try {
      BufferedImage image = new BufferedImage(100, 20, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = image.createGraphics();
      graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
      graphics.drawString("md4", 2, 15);
      graphics.dispose();
      return Finding.ok("fonts", "plots can be drawn");
    } catch (LinkageError | InternalError | RuntimeException e) {
      return Finding.remark(
          "fonts", "this Java cannot draw text, so there are no plots", FontFailures.REMEDY);
    }
  }
}
