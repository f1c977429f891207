-- Write everything to the data files, and remove what the write-ahead log does not need.
CHECKPOINT;
