/* Sends prepared HTTP requests over keep-alive connections, one at a time on each, and writes down each answer.

   usage: load PORT CONNECTIONS SECONDS REQUESTS ANSWERS
   REQUESTS: uint32 length, then the bytes of one request, again and again. They are sent in this order, each once;
   the run ends with the last one or after SECONDS. ANSWERS: for each answered request uint32 index, uint32
   status, uint32 microseconds. Prints: seconds, answered, broken connections, requests that never got an answer.

   It is in C because it shares two cores with what it measures: a Python client takes a whole one. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 8192, PATIENCE = 10 };

struct line { int fd; uint32_t index; double sent; const char *rest; size_t left; char got[LONGEST]; size_t size; };
struct answer { uint32_t index, status, microseconds; };

static int port, queue;
static const char *next, *end;
static uint32_t sent;
static unsigned broken, lost, busy;
static struct answer *answers;
static size_t answered;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int dial(struct line *line) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1;
  line->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(line->fd, (struct sockaddr *)&to, sizeof to) < 0) { close(line->fd); line->fd = -1; return 0; }
  setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(line->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
  return epoll_ctl(queue, EPOLL_CTL_ADD, line->fd, &event) == 0;
}

static void hang_up(struct line *line, int waits) {
  if (line->fd >= 0) close(line->fd);
  line->fd = -1;
  broken++;
  if (waits) lost++;
  busy--;
}

/* Writes what fits; a request is smaller than a socket's buffer on loopback, so the rest is rarely needed. */
static int push(struct line *line) {
  while (line->left) {
    ssize_t wrote = write(line->fd, line->rest, line->left);
    if (wrote < 0 && errno == EAGAIN) { usleep(50); continue; }
    if (wrote < 0) return 0;
    line->rest += wrote;
    line->left -= wrote;
  }
  return 1;
}

static void ask(struct line *line, double until) {
  if (next >= end || now() > until) { busy--; return; }
  uint32_t length;
  memcpy(&length, next, 4);
  line->rest = next + 4;
  line->left = length;
  next += 4 + length;
  line->index = sent++;
  line->size = 0;
  line->sent = now();
  if (!push(line)) hang_up(line, 1);
}

/* The door's answers have a Content-Length; whoever sends none ends the connection, and counts as broken. */
static int whole(struct line *line) {
  line->got[line->size] = 0;
  char *body = strstr(line->got, "\r\n\r\n");
  if (!body) return 0;
  char *length = strcasestr(line->got, "content-length:");
  return length && line->size >= (size_t)(body + 4 - line->got) + atoi(length + 15);
}

static void hear(struct line *line, double until) {
  ssize_t got = read(line->fd, line->got + line->size, LONGEST - 1 - line->size);
  if (got <= 0) { hang_up(line, 1); return; }
  line->size += got;
  if (!whole(line)) return;
  answers[answered++] = (struct answer){line->index, atoi(line->got + 9), (now() - line->sent) * 1e6};
  ask(line, until);
}

static const char *mapped(const char *path, size_t *size) {
  int fd = open(path, O_RDONLY);
  struct stat state;
  if (fd < 0 || fstat(fd, &state) < 0) { perror(path); exit(1); }
  *size = state.st_size;
  return mmap(0, *size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
}

int main(int count, char **words) {
  if (count != 6) { fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS REQUESTS ANSWERS\n"); return 2; }
  int connections = atoi(words[2]);
  size_t size;
  port = atoi(words[1]);
  next = mapped(words[4], &size);
  end = next + size;
  answers = malloc(sizeof *answers * (size / 64 + 1));
  queue = epoll_create1(0);
  struct line *lines = calloc(connections, sizeof *lines);
  struct epoll_event events[256];
  for (int i = 0; i < connections; i++)
    if (!dial(&lines[i])) broken++;
  double began = now(), until = began + atof(words[3]);
  for (int i = 0; i < connections; i++)
    if (lines[i].fd >= 0) { busy++; ask(&lines[i], until); }
  while (busy && now() < until + PATIENCE) {
    int ready = epoll_wait(queue, events, 256, 100);
    for (int i = 0; i < ready; i++) hear(events[i].data.ptr, until);
  }
  double took = now() - began;
  FILE *file = fopen(words[5], "wb");
  fwrite(answers, sizeof *answers, answered, file);
  fclose(file);
  printf("%.6f %zu %u %u\n", took, answered, broken, lost + busy);
  return 0;
}
