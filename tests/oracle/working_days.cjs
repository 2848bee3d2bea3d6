// What two packages say of every day from 2010 to 2026, one day a line: the date, and whether it is
// worked by chinese-days and by tyme4ts (1, 0).
const chineseDays = require('chinese-days');
const { LegalHoliday } = require('tyme4ts');

for (let at = Date.UTC(2010, 0, 1); at < Date.UTC(2027, 0, 1); at += 86400000) {
    const day = new Date(at);
    const text = day.toISOString().slice(0, 10);
    const legal = LegalHoliday.fromYmd(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate());
    const isWeekday = day.getUTCDay() % 6 !== 0;
    const tyme = legal ? legal.isWork() : isWeekday;
    console.log(text, chineseDays.isWorkday(text) ? 1 : 0, tyme ? 1 : 0);
}
