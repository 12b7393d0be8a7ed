/**
 * The command line. Commands parse options, call the library as any user would, and print records; they compute nothing of
 * their own. May use every exported package of core and train, and picocli, progressbar and Jackson.
 */
package io.octavo.cli;
