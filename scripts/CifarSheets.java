// SPDX-License-Identifier: Apache-2.0
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Turns sheets of CIFAR-10 into binary batches, as {@code md4 data images} reads them.
 *
 * <pre>java scripts/CifarSheets.java SHEETS OUT</pre>
 *
 * A sheet is a picture 1,024 wide, a row an image, its pixels row by row; SHEETS holds them as {@code
 * cifar10_batch_K.png}, and in {@code labels-*.bin} a byte for each image of all of them, in order.
 * OUT gets {@code data_batch_K.bin}: a byte that is the label, then red, green and blue of the
 * 1,024 pixels, for each image.
 */
final class CifarSheets {
  private static final int PIXELS = 1024;

  public static void main(String[] arguments) throws IOException {
    Path from = Path.of(arguments[0]);
    Path out = Files.createDirectories(Path.of(arguments[1]));
    byte[] labels = Files.readAllBytes(files(from, "labels-.*\\.bin").get(0));
    int first = 0;
    for (Path sheet : files(from, "cifar10_batch_\\d+\\.png")) {
      BufferedImage picture = ImageIO.read(sheet.toFile());
      String name = sheet.getFileName().toString().replace("cifar10", "data");
      Path batch = out.resolve(name.replace(".png", ".bin"));
      try (OutputStream stream = Files.newOutputStream(batch)) {
        for (int row = 0; row < picture.getHeight(); row++) {
          stream.write(labels[first + row]);
          stream.write(planes(picture, row));
        }
      }
      System.out.println(batch + ": " + picture.getHeight() + " images");
      first += picture.getHeight();
    }
    if (first != labels.length) {
      throw new IOException(first + " images, but " + labels.length + " labels");
    }
  }

  private static byte[] planes(BufferedImage picture, int row) {
    byte[] planes = new byte[3 * PIXELS];
    for (int pixel = 0; pixel < PIXELS; pixel++) {
      int rgb = picture.getRGB(pixel, row);
      planes[pixel] = (byte) (rgb >> 16);
      planes[PIXELS + pixel] = (byte) (rgb >> 8);
      planes[2 * PIXELS + pixel] = (byte) rgb;
    }
    return planes;
  }

  private static List<Path> files(Path folder, String name) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(f -> f.getFileName().toString().matches(name)).sorted().toList();
    }
  }
}
