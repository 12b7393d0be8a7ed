/**
 * Networks of the literature and of the demo, made of the modules of {@code io.octavo.nn} alone.
 */
package io.octavo.nn.models;
