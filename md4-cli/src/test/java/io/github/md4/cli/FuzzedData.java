// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import com.github.luben.zstd.ZstdOutputStream;
import io.github.md4.core.token.TokenFile;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.imageio.ImageIO;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Documents, vocabularies, images, labels and token files that are damaged. */
record FuzzedData(Path folder) {
  private static final int IMAGES = 40;

  List<FuzzedFile> all() throws IOException {
    List<FuzzedFile> all = new ArrayList<>();
    addTokens(all);
    addVocabulary(all);
    addDocuments(all);
    addArrays(all);
    addPictures(all);
    addLabels(all);
    return all;
  }

  private FuzzedFile prepared(Path file, String line, Object... more) {
    Path out = folder.resolve("out");
    Object[] words =
        Ran.words(line, Stream.concat(Stream.of(more), Stream.of("--out", out)).toArray());
    return FuzzedFile.ofCommandThatWrites(out, file, words);
  }

  private void addTokens(List<FuzzedFile> to) throws IOException {
    Path text = Files.writeString(folder.resolve("text.txt"), "abc de fgh ".repeat(90));
    Path data = folder.resolve("data");
    Ran.md4("data", "text", "--from", text, "--vocabulary", "chars", "--out", data).check();
    for (String name : List.of("valid.bin", "valid.json")) {
      to.add(
          new FuzzedFile(
              data.resolve(name),
              file -> {
                try (TokenFile tokens = TokenFile.open(data.resolve("valid.bin"))) {
                  int[] unused = tokens.read(0, (int) tokens.length());
                  tokens.verify();
                }
              }));
    }
    byte[] uint16 = new byte[400]; // as nanoGPT writes tokens
    Path bare = Files.write(folder.resolve("bare.bin"), uint16);
    Path json = folder.resolve("bare.json");
    to.add(
        FuzzedFile.ofCommandThatWrites(
            json,
            bare,
            "data",
            "describe",
            "--file",
            bare,
            "--vocabulary",
            "bytes",
            "--split",
            "train"));
  }

  private void addVocabulary(List<FuzzedFile> to) throws IOException {
    Path text = Files.writeString(folder.resolve("letters.txt"), "abc de fgh ".repeat(90));
    Path symbols = Files.writeString(folder.resolve("symbols.txt"), "a\nb\nc\nd\ne\nf\ng\nh\n \n");
    to.add(
        prepared(
            symbols,
            "data tokens --fractions 0.8,0.1 --documents lines --from",
            text,
            "--vocabulary",
            symbols));
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

  private void addDocuments(List<FuzzedFile> to) throws IOException {
    String line =
        "{\"id\": 1, \"meta\": {\"x\": [1, null]}, \"text\": \"a text of d\\u00e9but\"}\n";
    byte[] lines = line.repeat(30).getBytes(StandardCharsets.UTF_8);
    addDocument(to, "a.jsonl", lines);
    addDocument(to, "a.txt", lines);
    addDocument(to, "b.jsonl.gz", packed(GZIPOutputStream::new, lines));
    addDocument(to, "c.jsonl.xz", packed(o -> new XZOutputStream(o, new LZMA2Options()), lines));
    addDocument(to, "d.jsonl.zst", packed(ZstdOutputStream::new, lines));
    addDocument(to, "e.jsonl.zip", packed(FuzzedData::zip, lines));
    addDocument(
        to, "f.parquet", Files.readAllBytes(ParquetFiles.write(folder.resolve("f.parquet"))));
    Path parquet = Files.createDirectories(folder.resolve("parquet"));
    for (String codec : ParquetCommandTest.CODECS) {
      addDocument(to, ParquetCommandTest.copy(codec + ".parquet", parquet), "text");
    }
    addDocument(to, ParquetCommandTest.copy("nested.parquet", parquet), "a.b");
    addDocument(to, ParquetCommandTest.copy("dotted.parquet", parquet), "a.b");
  }

  private void addDocument(List<FuzzedFile> to, String name, byte[] content) throws IOException {
    addDocument(to, Files.write(folder.resolve(name), content), "text");
  }

  private void addDocument(List<FuzzedFile> to, Path file, String field) {
    to.add(
        prepared(
            file,
            "data tokens --fractions 0.8,0.1 --documents lines --vocabulary bytes --field",
            field,
            "--from",
            file));
  }

  private void addArrays(List<FuzzedFile> to) throws IOException {
    byte[] npy = npy("(" + IMAGES + ", 3, 4)", IMAGES * 12);
    addImages(to, "a.npy", npy);
    addImages(to, "b.npz", packed(FuzzedData::zip, npy));
    byte[] idx = idx();
    addImages(to, "c-idx3-ubyte", idx);
    addImages(to, "d-idx3-ubyte.gz", packed(GZIPOutputStream::new, idx));
    addImages(to, "e.bin", new byte[3073 * 20]);
  }

  private static byte[] npy(String shape, int values) throws IOException {
    byte[] header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n"
            .formatted(shape)
            .getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream npy = new ByteArrayOutputStream();
    npy.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length, 0});
    npy.write(header);
    npy.write(new byte[values]);
    return npy.toByteArray();
  }

  private static byte[] idx() throws IOException {
    ByteArrayOutputStream idx = new ByteArrayOutputStream();
    idx.write(new byte[] {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, 3, 0, 0, 0, 4});
    idx.write(new byte[IMAGES * 12]);
    return idx.toByteArray();
  }

  private void addImages(List<FuzzedFile> to, String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    to.add(prepared(file, "data images --from", file));
  }

  private static byte[] picture(String form, int i) throws IOException {
    BufferedImage picture = new BufferedImage(5, 6, BufferedImage.TYPE_INT_RGB);
    picture.setRGB(i % 5, i % 6, 0x1F2F3F * i);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(picture, form, bytes);
    return bytes.toByteArray();
  }

  private void addPictures(List<FuzzedFile> to) throws IOException {
    for (String form : List.of("png", "jpg")) {
      Path pictures = Files.createDirectories(folder.resolve("pictures-" + form));
      for (int i = 0; i < 20; i++) {
        Files.write(pictures.resolve(i + "." + form), picture(form, i));
      }
      to.add(prepared(pictures.resolve("7." + form), "data images --from", pictures));
    }
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    try (TarArchiveOutputStream out = new TarArchiveOutputStream(tar)) {
      for (int i = 0; i < 20; i++) {
        byte[] content = picture("png", i);
        TarArchiveEntry entry = new TarArchiveEntry("cats/" + i + ".png");
        entry.setSize(content.length);
        out.putArchiveEntry(entry);
        out.write(content);
        out.closeArchiveEntry();
      }
    }
    addImages(to, "pictures.tar", tar.toByteArray());
    addImages(to, "pictures.tar.gz", packed(GZIPOutputStream::new, tar.toByteArray()));
  }

  private void addLabels(List<FuzzedFile> to) throws IOException {
    Path images = Files.write(folder.resolve("images-idx3-ubyte"), idx());
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    labels.write(new byte[] {0, 0, 8, 1, 0, 0, 0, IMAGES});
    labels.write(new byte[IMAGES]);
    addLabels(to, images, "labels-idx1-ubyte", labels.toByteArray());
    addLabels(to, images, "labels.npy", npy("(" + IMAGES + ",)", IMAGES));
    addLabels(to, images, "labels.bytes", new byte[IMAGES]);
  }

  private void addLabels(List<FuzzedFile> to, Path images, String name, byte[] content)
      throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    to.add(prepared(file, "data images --from", images, "--labels", file));
  }
}
