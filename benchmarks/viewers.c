/* Many open live pages in one process: notes when which event reached which page.

   usage: viewers PORT COUNT SLOW AT_ONCE REQUEST SEEN
   Sends the bytes of the file REQUEST on COUNT connections, AT_ONCE of them waiting to be greeted at a time; the
   last SLOW of them read nothing after that. Prints "open SECONDS" once all are greeted. Then, for each line read:
     again  opens those that were lost once more, every 100 ms until all are greeted; prints "open SECONDS"
     tell   writes SEEN, prints "told EVENTS RECORDS LOST SLOW_LOST" and forgets the records
   SEEN: the codes of the events, 13 bytes each, then for each first sight of an event on a page uint32 page, uint32
   number of the code, double seconds of the monotonic clock.

   It is in C because a thousand pages that get two hundred rows a second are 400 MB a second to look through. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { CODE = 13, MOST = 1 << 16, CARRY = 64, PIECE = 1 << 18, PATIENCE = 120 };
enum state { LOST, GREETED_SOON, OPEN };
static const char MARK[] = "<tr id=\"evt_";
enum { LEAD = sizeof MARK - 1 };

struct page { int fd, slow; enum state state; char rest[CARRY]; size_t left; uint8_t *had; };
struct record { uint32_t page, number; double at; };

static struct page *pages;
static int count, slow, at_once, port, queue, waiting, open_pages, lost, slow_lost;
static char request[8192], codes[MOST][CODE], piece[CARRY + PIECE];
static size_t asked, known;
static uint32_t places[MOST * 2];
static struct record *records;
static size_t recorded, room;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/* Returns the number of a code, a new one for the first sight of it, and MOST when there is no room left. */
static uint32_t number_of(const char *code) {
  uint32_t hash = 2166136261u;
  for (int i = 0; i < CODE; i++) hash = (hash ^ (uint8_t)code[i]) * 16777619u;
  for (uint32_t at = hash % (MOST * 2);; at = (at + 1) % (MOST * 2)) {
    if (!places[at]) {
      if (known == MOST) return MOST;
      memcpy(codes[known], code, CODE);
      return (places[at] = ++known) - 1;
    }
    if (!memcmp(codes[places[at] - 1], code, CODE)) return places[at] - 1;
  }
}

static void note(struct page *page, const char *code, double at) {
  uint32_t number = number_of(code);
  if (number == MOST || page->had[number / 8] >> number % 8 & 1) return;
  page->had[number / 8] |= 1 << number % 8;
  if (recorded == room) records = realloc(records, (room = room ? room * 2 : 1 << 20) * sizeof *records);
  records[recorded++] = (struct record){page - pages, number, at};
}

/* A row that the network cut in two is noted when its code is whole: what is left of it waits in `rest`. */
static void look_through(struct page *page, char *text, size_t size, double at) {
  char *from = text, *end = text + size, *found;
  while ((found = memmem(from, end - from, MARK, LEAD)) && found + LEAD + CODE <= end) {
    note(page, found + LEAD, at);
    from = found + LEAD + CODE;
  }
  size_t tail = found ? end - found : end - from < LEAD - 1 ? end - from : LEAD - 1;
  memcpy(page->rest, end - tail, page->left = tail);
}

static void dial(struct page *page) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int little = 4096;
  page->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (page->fd < 0) { perror("socket"); exit(1); }
  if (page->slow) setsockopt(page->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  if (connect(page->fd, (struct sockaddr *)&to, sizeof to) < 0 || write(page->fd, request, asked) != (ssize_t)asked) {
    close(page->fd);
    return;
  }
  fcntl(page->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = page};
  epoll_ctl(queue, EPOLL_CTL_ADD, page->fd, &event);
  page->state = GREETED_SOON;
  page->left = 0;
  waiting++;
}

static void lose(struct page *page) {
  close(page->fd);
  if (page->state == GREETED_SOON) waiting--;
  if (page->state == OPEN) { open_pages--; lost++; slow_lost += page->slow; }
  page->state = LOST;
}

static void greeted(struct page *page, const char *text) {
  if (strncmp(text, "HTTP/1.1 200", 12)) {
    fprintf(stderr, "a live page was answered %.12s\n", text);
    lose(page);
    return;
  }
  waiting--;
  open_pages++;
  page->state = OPEN;
  struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = page};
  if (page->slow) epoll_ctl(queue, EPOLL_CTL_MOD, page->fd, &event);
}

static void hear(struct page *page, uint32_t events) {
  if (page->slow && page->state == OPEN) { lose(page); return; }
  memcpy(piece, page->rest, page->left);
  ssize_t got = read(page->fd, piece + page->left, PIECE);
  if (got < 0 && errno == EAGAIN && !(events & (EPOLLHUP | EPOLLERR))) return;
  if (got <= 0) { lose(page); return; }
  if (page->state == GREETED_SOON) greeted(page, piece);
  else look_through(page, piece, page->left + got, now());
}

static void turn(int patience) {
  struct epoll_event events[512];
  int ready = epoll_wait(queue, events, 512, patience);
  for (int i = 0; i < ready; i++)
    if (events[i].data.ptr) hear(events[i].data.ptr, events[i].events);
}

/* Opens every page that is not open. Whoever is refused tries again: a server that was killed is away for seconds. */
static void open_all(void) {
  double began = now(), next = 0;
  while (open_pages < count) {
    if (now() - began > PATIENCE) { fprintf(stderr, "only %d pages could be opened\n", open_pages); exit(1); }
    if (now() >= next) {
      for (int i = 0; i < count && waiting < at_once; i++)
        if (pages[i].state == LOST) {
          dial(&pages[i]);
          if (pages[i].state == LOST) break;
        }
      next = now() + (open_pages + waiting < count && waiting < at_once ? 0.1 : 0.002);
    }
    turn(2);
  }
  printf("open %.6f\n", now() - began);
}

static void tell(const char *path) {
  FILE *file = fopen(path, "wb");
  if (!file) { perror(path); exit(1); }
  fwrite(codes, CODE, known, file);
  fwrite(records, sizeof *records, recorded, file);
  fclose(file);
  printf("told %zu %zu %d %d\n", known, recorded, lost, slow_lost);
  recorded = 0;
}

int main(int words, char **word) {
  if (words != 7) { fprintf(stderr, "usage: viewers PORT COUNT SLOW AT_ONCE REQUEST SEEN\n"); return 2; }
  port = atoi(word[1]), count = atoi(word[2]), slow = atoi(word[3]), at_once = atoi(word[4]);
  FILE *file = fopen(word[5], "rb");
  if (!file) { perror(word[5]); return 1; }
  asked = fread(request, 1, sizeof request, file);
  fclose(file);
  pages = calloc(count, sizeof *pages);
  for (int i = 0; i < count; i++) pages[i].slow = i >= count - slow, pages[i].had = calloc(MOST / 8, 1);
  setvbuf(stdout, 0, _IOLBF, 0);
  queue = epoll_create1(0);
  open_all();
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(queue, EPOLL_CTL_ADD, 0, &event);
  fcntl(0, F_SETFL, O_NONBLOCK);
  for (char line[16];;) {
    turn(100);
    ssize_t got = read(0, line, sizeof line);
    if (got == 0) return 0;
    if (got > 0 && line[0] == 'a') open_all();
    if (got > 0 && line[0] == 't') tell(word[6]);
  }
}
