// SPDX-License-Identifier: Apache-2.0
/** Tokens of images as pictures that people look at. */
package io.github.md4.cli.image;
